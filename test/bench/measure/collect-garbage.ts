import { setTimeout as sleep } from "node:timers/promises";

/** Collects all garbage, and gives the collector's own threads a moment to finish. */
export async function collectGarbage(): Promise<void> {
  collector()();
  await sleep(5);
}

/** Collects what was made lately, which is cheap unless much of it is still in use. */
export function collectYoungGarbage(): void {
  collector()({ type: "minor" });
}

function collector(): (options?: { type: "minor" }) => void {
  if (globalThis.gc === undefined) throw new Error("Start Node with --expose-gc: what is measured must know who pays for garbage.");
  return globalThis.gc as (options?: { type: "minor" }) => void;
}
