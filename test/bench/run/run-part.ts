import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Sample } from "../measure/sample.ts";
import type { Effort } from "../scenarios/scenario.ts";

/** What a fresh process is told. */
export interface PartOrder {
  readonly scenario: string;
  readonly table: string;
  readonly group: string;
  readonly effort: Effort;
}

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** Runs one part in a fresh process. Rejects when that ends without samples. */
export function runPart(order: PartOrder): Promise<Sample[]> {
  return new Promise((resolve, reject) => {
    const started = fork(child, [JSON.stringify(order)], { execArgv: ["--conditions=source", "--expose-gc"] });
    let samples: Sample[] | undefined;
    started.on("message", (message) => {
      samples = message as Sample[];
    });
    started.on("error", reject);
    started.on("exit", (status, signal) => {
      if (samples !== undefined && status === 0) resolve(samples);
      else reject(new Error(`${order.scenario}, ${order.table}, ${order.group}: the process ended with ${signal ?? status}.`));
    });
  });
}
