/** The command `pnpm bench`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BadArguments, help, readArguments, type BenchOptions } from "./arguments.ts";
import { writeSection } from "./report/page.ts";
import { renderSection } from "./report/section.ts";
import { runScenario, type ScenarioResult } from "./run/run-scenario.ts";
import { scenarios } from "./scenarios/scenarios.ts";

const reports = fileURLToPath(new URL("../../reports/bench/", import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(given: readonly string[]): Promise<number> {
  try {
    const options = readArguments(given);
    if (options === undefined) process.stdout.write(help);
    else await bench(options);
    return 0;
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

/** Each scenario's result is written as soon as it is there: a run takes long, and may be ended by hand. */
async function bench({ scenarios: names, client, rounds, processes, quick, json }: BenchOptions): Promise<void> {
  const results: ScenarioResult[] = [];
  const wanted = (group: string): boolean => client === undefined || group === client;
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const scenario of scenarios) {
    if (!names.includes(scenario.name)) continue;
    const effort = { quick, peers: true, rounds: rounds ?? (quick ? Math.min(3, scenario.rounds) : scenario.rounds) };
    const result = await runScenario(scenario, effort, processes ?? (quick ? 1 : scenario.processes), wanted, tell);
    results.push(result);
    // Made each time: another command may have emptied the folder above it meanwhile.
    mkdirSync(reports, { recursive: true });
    writeFileSync(`${reports}${scenario.name}.json`, `${JSON.stringify(result, null, 2)}\n`);
    if (json) continue;
    process.stdout.write(`${renderSection(scenario, result)}\n`);
    if (!quick && client === undefined) writeSection(scenario, result);
  }
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}
