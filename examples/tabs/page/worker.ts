import { serveTokens, workerKeepAlive } from "@tokenflight/browser";
import { client, sharedTokens } from "./login.ts";
import { openChannel, reportOf } from "./reports.ts";

const channel = openChannel();
const tokens = sharedTokens(
  (event) => {
    const report = reportOf("Worker", event);
    if (report !== undefined) channel.postMessage({ type: "report", report });
  },
  { keepAlive: workerKeepAlive },
);

serveTokens(tokens, { client });
