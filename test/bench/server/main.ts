/** The process of a bench server: does what its parent's messages say, and ends with its parent. */
import { startBenchServer } from "./bench-server.ts";
import type { ServerMode } from "./server-counts.ts";

const server = await startBenchServer();
process.on("message", (message: { reset: ServerMode } | "counts") => {
  if (message === "counts") {
    process.send?.(server.counts());
    return;
  }
  server.reset(message.reset);
  process.send?.("reset");
});
process.on("disconnect", () => process.exit());
process.send?.(server.origin);
