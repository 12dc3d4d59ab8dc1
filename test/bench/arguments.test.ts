import { expect, it } from "vitest";
import { readArguments } from "./arguments.ts";
import { scenarios } from "./scenarios/scenarios.ts";

it("without arguments everything is measured as the scenarios say", () => {
  const names = scenarios.map(({ name }) => name);
  expect(readArguments([])).toEqual({
    scenarios: names,
    client: undefined,
    rounds: undefined,
    processes: undefined,
    quick: false,
    json: false,
  });
});

it("a script runner's own separator is not an argument", () => {
  expect(
    readArguments(["--", "--scenario", "storm", "--scenario", "sizes", "--rounds", "4", "--client", "axios", "--quick"]),
  ).toMatchObject({
    scenarios: ["storm", "sizes"],
    rounds: 4,
    client: "axios",
    quick: true,
  });
});

it.each([
  [["--scenario", "calm"], 'There is no scenario named "calm".'],
  [["--client", "curl"], 'There is no client named "curl".'],
  [["--rounds", "many"], '--rounds wants a whole number from 1 to 1000, not "many".'],
  [["--speed"], "--speed"],
])("bad arguments are a sentence: %s", (given, sentence) => {
  expect(() => readArguments(given)).toThrow(sentence);
});

it("no two parts of a scenario have the same name", () => {
  for (const scenario of scenarios) {
    const names = scenario.parts({ rounds: 1, quick: false, peers: true }).map(({ table, group }) => `${table}\n${group}`);
    expect(new Set(names).size).toBe(names.length);
  }
});
