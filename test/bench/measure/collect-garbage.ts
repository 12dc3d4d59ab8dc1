import { setTimeout as sleep } from "node:timers/promises";

/** Collects all garbage, and gives the collector's own threads a moment to finish. The process must have been started with --expose-gc. */
export async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("Start Node with --expose-gc: a measurement begins without garbage.");
  globalThis.gc();
  await sleep(5);
}
