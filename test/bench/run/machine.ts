import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";

/** What a result was measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** In GiB. */
  readonly memory: number;
  /** In GiB, when the measurement began. */
  readonly freeMemory: number;
  /** Processes that wanted to run, on average over the last minute: before the measurement, and after it. */
  readonly load: readonly number[];
  readonly system: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem() / 2 ** 30,
    freeMemory: freemem() / 2 ** 30,
    load: [loadNow()],
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function loadNow(): number {
  return loadavg()[0] ?? Number.NaN;
}
