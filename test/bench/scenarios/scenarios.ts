import { cacheHit } from "./cache-hit.ts";
import { inProcess } from "./in-process.ts";
import { loopback } from "./loopback.ts";
import { processes } from "./processes.ts";
import type { Scenario } from "./scenario.ts";
import { sizes } from "./sizes.ts";
import { storm } from "./storm.ts";
import { stragglers } from "./stragglers.ts";
import { subjects } from "./subjects.ts";
import { sustained } from "./sustained.ts";
import { wideStorm } from "./wide-storm.ts";

/** All of them, in the order of the page. */
export const scenarios: readonly Scenario[] = [
  cacheHit,
  inProcess,
  loopback,
  storm,
  wideStorm,
  stragglers,
  sustained,
  subjects,
  processes,
  sizes,
];

export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
