import type { ProcessSample } from "../run/process-sample.ts";
import type { ScenarioResult } from "../run/run-scenario.ts";
import type { Column, Scenario } from "../scenarios/scenario.ts";
import { besideFloor, excess, ratio, showCounts, showSpread, valuesOf } from "./compare.ts";
import { markdownTable } from "./table.ts";
import { verdictsOf } from "./targets.ts";

export const targetHeads: readonly string[] = ["target", "of", "wanted", "measured", "verdict"];

/** One scenario for the page: what was measured, on what, and the targets beside it. */
export function renderSection(scenario: Scenario, result: ScenarioResult): string {
  return [`## ${scenario.title}`, scenario.about, describeRun(result), ...tables(scenario, result), targets(scenario, result)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function describeRun({ measured, quick, rounds, processes, machine, versions }: ScenarioResult): string {
  const { processor, cores, memory, freeMemory, load, system, node } = machine;
  const run = `${rounds} ${rounds === 1 ? "round" : "rounds"} in each of ${processes} fresh ${processes === 1 ? "process" : "processes"}`;
  const loads = load.map((one) => one.toFixed(1)).join(" before and ");
  return [
    `_${quick ? "A quick run, which proves no ratio: " : ""}${run}, ${measured.slice(0, 10)}, Node ${node.slice(1)}, ${system}, ${cores} cores (${processor}), ` +
      `${memory.toFixed(0)} GiB of memory (${freeMemory.toFixed(0)} free), load average ${loads} after._`,
    `_${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}._`,
  ].join("\n");
}

function tables(scenario: Scenario, { samples }: ScenarioResult): string[] {
  return [...Map.groupBy(samples, ({ table }) => table)].flatMap(([heading, inTable]) => [
    heading === "" ? "" : `### ${heading}`,
    tableOf(scenario.columns, inTable),
  ]);
}

function tableOf(all: readonly Column[], samples: readonly ProcessSample[]): string {
  const columns = all.filter(({ measure }) => samples.some(({ values }) => values[measure] !== undefined));
  const hasGroups = samples.some(({ group }) => group !== "");
  const rows = [...Map.groupBy(samples, ({ group, contender }) => `${group}\n${contender}`).values()].map((ofOne) => {
    const { group = "", contender = "", role } = ofOne[0] ?? {};
    const name = role === "ours" ? `**${contender}**` : contender;
    return [...(hasGroups ? [group] : []), name, ...columns.map((column) => cell(column, ofOne, samples))];
  });
  const left = hasGroups ? ["client", "contender"] : ["contender"];
  return markdownTable([...left, ...columns.map(({ title }) => title)], rows, left.length);
}

function cell({ show, measure, digits }: Column, ofOne: readonly ProcessSample[], all: readonly ProcessSample[]): string {
  if (show === "count") return showCounts(valuesOf(ofOne, measure));
  if (show === "value") return showSpread(valuesOf(ofOne, measure), digits);
  if (ofOne[0]?.role === "floor") return show === "ratio" ? "1" : "0";
  return showSpread(besideFloor(ofOne, all, measure, show === "ratio" ? ratio : excess), digits);
}

function targets(scenario: Scenario, result: ScenarioResult): string {
  const rows = verdictsOf(scenario, result).map(({ what, who, most, measured, missed, reason }) => [
    what,
    who,
    `at most ${most}`,
    measured,
    missed === false ? "met" : missed === "chance" ? "within chance" : `**missed**${reason === undefined ? "" : `: ${reason}`}`,
  ]);
  return rows.length === 0 ? "" : markdownTable(targetHeads, rows, 3);
}
