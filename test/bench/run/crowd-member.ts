/** One process of a crowd: gets ready, sends when it is told to, and tells how many of its requests failed. */
import { limitConnections } from "../contenders/clients/connections.ts";
import { processContenders } from "../contenders/processes/sharing.ts";
import type { CrowdOrder } from "./crowd.ts";

const { contender: name, setting, requests } = JSON.parse(process.argv[2] ?? "") as CrowdOrder;
const contender = (await processContenders()).find((one) => one.name === name);
if (contender === undefined) throw new Error(`There is no contender "${name}".`);
limitConnections();
// Some libraries tell of a refused refresh here; the parent counts what comes of it.
console.warn = () => {};
const send = await contender.connect(setting);
// Listening keeps the process alive until the parent ends it, as a server's open port would.
process.on("message", async () => {
  const results = await Promise.allSettled(Array.from({ length: requests }, () => send("/api")));
  process.send?.(results.filter(({ status }) => status === "rejected").length);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
