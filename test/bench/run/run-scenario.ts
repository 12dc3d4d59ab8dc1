import type { Effort, Scenario } from "../scenarios/scenario.ts";
import { describeMachine, loadNow, type Machine } from "./machine.ts";
import type { ProcessSample } from "./process-sample.ts";
import { runPart } from "./run-part.ts";
import { versionOf } from "./versions.ts";

/** One scenario, measured: what reports/bench/<name>.json holds. */
export interface ScenarioResult {
  readonly scenario: string;
  /** When it ended, as an ISO date. */
  readonly measured: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly processes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly samples: readonly ProcessSample[];
}

/** Runs every part once, then every part again, each time in a fresh process. Tells what it is about to run. */
export async function runScenario(
  scenario: Scenario,
  effort: Effort,
  processes: number,
  wanted: (group: string) => boolean,
  tell: (line: string) => void,
): Promise<ScenarioResult> {
  const machine = describeMachine();
  const samples: ProcessSample[] = [];
  for (let process = 0; process < processes; process += 1) {
    for (const { table, group } of scenario.parts(effort)) {
      if (!wanted(group)) continue;
      tell(`${scenario.name}: ${table}, ${group} (process ${process + 1} of ${processes})`);
      const seen = await runPart({ scenario: scenario.name, table, group, effort: { ...effort, peers: process === 0 } });
      samples.push(...seen.map((sample) => ({ ...sample, table, group, process })));
    }
  }
  return {
    scenario: scenario.name,
    measured: new Date().toISOString(),
    quick: effort.quick,
    rounds: effort.rounds,
    processes,
    machine: { ...machine, load: [...machine.load, loadNow()] },
    versions: Object.fromEntries(scenario.packages.map((name) => [name, versionOf(name)])),
    samples,
  };
}
