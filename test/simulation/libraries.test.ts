import type { TokenStore } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { repetitions } from "../setup/repetitions.ts";
import { simulateLibraries, type LibraryMutant } from "./library-world.ts";

// SEEDS=20000 lives more worlds, FROM=100000 others.
const seeds = Number(process.env["SEEDS"] ?? repetitions({ ordinary: 200, full: 2000 }));
const from = Number(process.env["FROM"] ?? 1);
const share = 100;
const shares = Array.from({ length: Math.ceil(seeds / share) }, (_, index) => from + index * share);
const sum: Record<string, number> = {};

describe("processes with a library of others over refreshOnce, whatever happens to them, their network, their store and their server", () => {
  it.each(shares)("send each refresh token once, but for the rule, in each world from seed %i on", { timeout: 120_000 }, async (first) => {
    const failures: string[] = [];
    for (let seed = first; seed < Math.min(first + share, from + seeds); seed += 1) {
      const { violation, counts } = await simulateLibraries(seed);
      for (const [name, value] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + value;
      if (violation !== undefined) failures.push(`Seed ${seed}: ${violation}`);
    }
    expect(failures, failures.join("\n")).toEqual([]);
  });

  it("and much has happened to them", () => {
    process.stdout.write(`libraries: ${seeds} seeds, ${JSON.stringify(sum)}\n`);
    for (const name of Object.keys(sum)) expect([name, sum[name]]).toEqual([name, expect.toSatisfy((value: number) => value > seeds / 50)]);
  });
});

it("take the same way again with the same seed", async () => {
  for (const seed of [3, 7, 11]) expect(await simulateLibraries(seed)).toEqual(await simulateLibraries(seed));
});

const blind = (store: TokenStore): TokenStore => ({
  ...store,
  async compareAndSet(key, _expected, value, options) {
    for (;;) {
      const version = await store.compareAndSet(key, (await store.read(key))?.version, value, options);
      if (version !== undefined) return version;
    }
  },
});

const mutants: readonly (readonly [name: string, mutant: LibraryMutant, expected: RegExp])[] = [
  ["a store that writes over whatever is there", { store: blind }, /again|twice/],
  [
    "a store that forgets",
    { store: (store) => ({ ...store, read: async () => undefined, compareAndSet: async () => "1" }) },
    /again|twice/,
  ],
  [
    "a store that says of everybody that it has ended",
    { store: (store) => ({ ...store, holder: async () => "somebody", isGone: async () => true }) },
    /again|twice/,
  ],
];

it.each(mutants)("%s is found", { timeout: 60_000 }, async (_, mutant, expected) => {
  const found: string[] = [];
  for (let seed = 1; seed <= 300; seed += 1) {
    const { violation } = await simulateLibraries(seed, { mutant });
    if (violation !== undefined) found.push(violation);
    if (violation !== undefined && expected.test(violation)) return;
  }
  expect.fail(`not found, but: ${found.join("; ")}`);
});
