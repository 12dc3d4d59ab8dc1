import { expect, it } from "vitest";
import type { Role } from "../measure/sample.ts";
import { percentile, spreadOf } from "../measure/statistics.ts";
import type { ProcessSample } from "../run/process-sample.ts";
import type { ScenarioResult } from "../run/run-scenario.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { renderSection } from "./section.ts";
import { verdictsOf } from "./targets.ts";

const scenario: Scenario = {
  name: "example",
  title: "An example",
  about: "How it is read.",
  rounds: 2,
  processes: 1,
  columns: [
    { title: "CPU, µs", measure: "cpu", show: "value", digits: 0 },
    { title: "CPU × static", measure: "cpu", show: "ratio", digits: 2 },
    { title: "requests", measure: "requests", show: "count", digits: 0 },
  ],
  targets: [
    { what: "CPU × static", measure: "cpu", compare: "ratio", decides: "median", most: 1.5 },
    { what: "requests", measure: "requests", compare: "value", decides: "largest", most: 1 },
  ],
  packages: [],
  parts: () => [],
};

function sample(contender: string, role: Role, round: number, cpu: number, requests: number): ProcessSample {
  return { contender, role, round, values: { cpu, requests }, table: "", group: "axios", process: 0 };
}

const result: ScenarioResult = {
  scenario: "example",
  measured: "2026-01-02T03:04:05.000Z",
  quick: false,
  rounds: 2,
  processes: 1,
  machine: { processor: "a processor", cores: 2, memory: 8, freeMemory: 4, load: [0.5, 1], system: "linux x64", node: "v24.0.0" },
  versions: { axios: "1.2.3" },
  samples: [
    sample("static header", "floor", 0, 100, 0),
    sample("tokenflight", "ours", 0, 110, 1),
    // The machine was busy in this round, for both of them.
    sample("static header", "floor", 1, 200, 0),
    sample("tokenflight", "ours", 1, 240, 2),
  ],
};

it("ratios are of the same round, targets are judged honestly", () => {
  expect(verdictsOf(scenario, result)).toEqual([
    { what: "CPU × static", who: "axios", most: 1.5, measured: "1.150 (1.100–1.200)", missed: false },
    { what: "requests", who: "axios", most: 1, measured: "1–2", missed: true },
  ]);
});

it("a section names machine and versions, and shows medians with their spread", () => {
  const section = renderSection(scenario, result);
  expect(section).toContain("2 rounds in each of 1 fresh process, 2026-01-02, Node 24.0.0, linux x64, 2 cores (a processor)");
  expect(section).toContain("axios 1.2.3");
  expect(section).toContain("| axios | static header | 150 (100–200) | 1 | 0 |");
  expect(section).toContain("| axios | **tokenflight** | 175 (110–240) | 1.15 (1.10–1.20) | 1–2 |");
  expect(section).toContain("| requests | axios | at most 1 | 1–2 | **missed** |");
});

it.each([
  { slow: [3, 5], missed: false, shown: "0 (−1 to 1)", verdict: "met" },
  { slow: [5, 7], missed: "chance", shown: "2 (1–3)", verdict: "within chance" },
  { slow: [9, 11], missed: true, shown: "6 (5–7)", verdict: "**missed**: it waits" },
])("a count that differs from the floor's by $shown is $verdict", ({ slow: [first = 0, second = 0], missed, shown, verdict }) => {
  const what = "slow − static";
  const compared: Scenario = {
    ...scenario,
    columns: [{ title: "− static", measure: "cpu", show: "excess", digits: 0 }],
    targets: [{ what, measure: "cpu", compare: "excess", decides: "median", most: 0, chance: "once more", reason: "it waits" }],
  };
  const samples = [
    sample("static header", "floor", 0, 4, 0),
    sample("once more", "reference", 0, 3, 0),
    sample("tokenflight", "ours", 0, first, 0),
    sample("static header", "floor", 1, 4, 0),
    sample("once more", "reference", 1, 7, 0),
    sample("tokenflight", "ours", 1, second, 0),
  ];
  expect(verdictsOf(compared, { ...result, samples })).toMatchObject([{ missed }]);
  const section = renderSection(compared, { ...result, samples });
  expect(section).toContain("| axios | static header | 0 |");
  expect(section).toContain(`| axios | **tokenflight** | ${shown} |`);
  expect(section).toContain(`| ${what} | axios | at most 0 | ${shown}; static beside itself 1 (−1 to 3) | ${verdict} |`);
});

it("spreads and percentiles", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5);
});
