/** One process of a crowd: gets ready, sends when it is told to, and tells how many of its requests failed. */
import { once } from "node:events";
import { limitFetch } from "../contenders/clients/connections.ts";
import { processContenders } from "../contenders/processes/sharing.ts";
import type { CrowdOrder } from "./crowd.ts";

const { contender: name, setting, requests } = JSON.parse(process.argv[2] ?? "") as CrowdOrder;
const contender = (await processContenders()).find((one) => one.name === name);
if (contender === undefined) throw new Error(`There is no contender "${name}".`);
limitFetch();
const send = await contender.connect(setting);
process.send?.("ready");
await once(process, "message");
const results = await Promise.allSettled(Array.from({ length: requests }, () => send("/api")));
const failures = results.filter(({ status }) => status === "rejected").length;
process.send?.(failures, () => process.exit(0));
