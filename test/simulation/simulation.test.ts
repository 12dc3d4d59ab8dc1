import { describe, expect, it } from "vitest";
import { configurationOf, isFaultless } from "./configuration.ts";
import { describeFailure } from "./describe-failure.ts";
import { simulate, type Outcome } from "./simulate.ts";

// SEEDS=20000 lives more worlds, FROM=100000 others.
const seeds = Number(process.env["SEEDS"] ?? 2000);
const from = Number(process.env["FROM"] ?? 1);
const share = 100;

const shares = Array.from({ length: Math.ceil(seeds / share) }, (_, index) => from + index * share);
const sum: Record<string, number> = { steps: 0, "worlds without faults": 0, "worlds that never lost a session": 0 };

function add(name: string, count: number): void {
  sum[name] = (sum[name] ?? 0) + count;
}

function count({ configuration, steps, counts }: Outcome): void {
  add("steps", steps);
  add("worlds without faults", isFaultless(configuration) ? 1 : 0);
  add("worlds that never lost a session", counts["sessions ended"] === 0 ? 1 : 0);
  for (const [name, value] of Object.entries(counts)) add(name, value);
}

describe("processes that share sessions, whatever happens to them, their network, their store and their server", () => {
  it.each(shares)("keep what is promised in each world from seed %i on", { timeout: 120_000 }, async (first) => {
    const failures: string[] = [];
    for (let seed = first; seed < Math.min(first + share, from + seeds); seed += 1) {
      const outcome = await simulate(configurationOf(seed));
      count(outcome);
      if (outcome.violation !== undefined) failures.push(describeFailure(outcome));
    }
    expect(failures, failures.join("\n\n")).toEqual([]);
  });

  it("and much has happened to them", () => {
    process.stdout.write(`simulation: ${seeds} seeds, ${JSON.stringify(sum)}\n`);
    for (const name of Object.keys(sum)) expect([name, sum[name]]).toEqual([name, expect.toSatisfy((value: number) => value > seeds / 50)]);
  });
});

it("takes the same way again with the same seed, and another with another", async () => {
  const trace: string[] = [];
  const [first, again, other] = [
    await simulate(configurationOf(7), { trace: (line) => trace.push(line) }),
    await simulate(configurationOf(7)),
    await simulate({ ...configurationOf(7), seed: 8 }),
  ];
  expect(again).toEqual(first);
  expect(other.fingerprint).not.toBe(first.fingerprint);
  expect(trace.length).toBeGreaterThan(100);
});
