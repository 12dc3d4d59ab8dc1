import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ScenarioResult } from "../run/run-scenario.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { scenarios } from "../scenarios/scenarios.ts";
import { renderSection, targetHeads } from "./section.ts";
import { markdownTable } from "./table.ts";

const file = fileURLToPath(new URL("../../../docs/benchmarks.md", import.meta.url));

const opening = `# Benchmarks

Tokenflight beside what its users would pick instead, measured in the same run: ratios of interleaved rounds (A B C, B C A, …), every contender warmed up first,
everything repeated in fresh processes. A cell shows the median, and in brackets the smallest and the largest of all rounds. Processor time (CPU) is
user and system time of the process that is measured, with all its threads. **Bold** is ours. What a target wants is decided by the median, and of counts by the largest.
What takes microseconds is done in many short turns a round, in changing order; the turn in the middle tells what it cost.

\`\`\`sh
npx --yes pnpm@12.21.0 bench                                       # everything; writes this page, and takes more than half an hour
npx --yes pnpm@12.21.0 bench -- --quick                            # a look at everything; leaves this page as it is
npx --yes pnpm@12.21.0 bench -- --scenario storm --rounds 5        # one section
\`\`\`

Machines are noisy: compare ratios, look at the spread, and trust no single wall time. [How a contender is added](../test/bench/README.md).`;

/** Replaces this scenario's section, and leaves the others as they are. */
export function writeSection(scenario: Scenario, result: ScenarioResult): void {
  const sections = existsSync(file) ? sectionsOf(readFileSync(file, "utf8")) : new Map<string, string>();
  sections.set(scenario.name, renderSection(scenario, result));
  const parts = scenarios.flatMap(({ name }) => {
    const section = sections.get(name);
    return section === undefined ? [] : [`<!-- ${name} -->\n\n${section}`];
  });
  writeFileSync(
    file,
    `${[opening, overview(scenarios.map(({ name }) => sections.get(name) ?? "")), ...parts].filter((part) => part !== "").join("\n\n")}\n`,
  );
}

/** The targets of all sections in one table. */
function overview(sections: readonly string[]): string {
  const head = markdownTable(targetHeads, [], 3).split("\n");
  const rows = sections.flatMap((section) => section.split(`${head[0]}\n`)[1]?.split("\n").slice(1) ?? []);
  return rows.length === 0
    ? ""
    : ["## Targets", "What was to be reached, and what was, in the runs below.", [...head, ...rows].join("\n")].join("\n\n");
}

/** The sections of the page by the names in their comments. */
function sectionsOf(page: string): Map<string, string> {
  const [, ...parts] = page.split(/^<!-- ([\w-]+) -->$/m);
  const sections = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) sections.set(parts[index] ?? "", (parts[index + 1] ?? "").trim());
  return sections;
}
