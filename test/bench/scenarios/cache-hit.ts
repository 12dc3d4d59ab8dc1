import { getContenders, peekContenders } from "../contenders/cache/caches.ts";
import type { CacheContender } from "../contenders/cache/cache-contender.ts";
import { freshToken } from "../contenders/held-token.ts";
import { race } from "../measure/race.ts";
import type { Sample, Values } from "../measure/sample.ts";
import type { Effort, Part, Scenario } from "./scenario.ts";

const tables = { sync: "Without a promise", async: "With a promise" };

export const cacheHit: Scenario = {
  name: "cache-hit",
  title: "Cache hit",
  about:
    "Reading a token that is fresh, over and over. The floor is the least that a check for freshness can cost: one property of one object, " +
    "compared with the clock; with a promise, an `async` function that does the same. Each contender has a loop of its own.",
  rounds: 15,
  processes: 3,
  columns: [
    { title: "CPU, ns", measure: "cpu", show: "value", digits: 1 },
    { title: "CPU × floor", measure: "cpu", show: "ratio", digits: 2 },
    { title: "wall × floor", measure: "wall", show: "ratio", digits: 2 },
  ],
  targets: [
    {
      what: "`peek()` on a fresh token × a property read + `Date.now()`",
      applies: (table) => table === tables.sync,
      measure: "cpu",
      compare: "ratio",
      decides: "median",
      most: 1.5,
    },
    {
      what: "`await get()` on a fresh token × an `async` function that does the same read",
      applies: (table) => table === tables.async,
      measure: "cpu",
      compare: "ratio",
      decides: "median",
      most: 1.5,
    },
  ],
  packages: ["@badgateway/oauth2-client", "simple-oauth2", "google-auth-library", "@azure/core-rest-pipeline"],
  parts: () => [part(tables.sync, peekContenders), part(tables.async, getContenders)],
};

function part(table: string, contenders: () => Promise<CacheContender[]>): Part {
  return { table, group: "", run: async (effort) => run(await contenders(), effort) };
}

/** Nanoseconds for one read. */
async function run(contenders: readonly CacheContender[], { rounds, quick }: Effort): Promise<Sample[]> {
  const racers = await Promise.all(
    contenders.map(async ({ name, role, prepare }) => {
      const read = await prepare(freshToken());
      const repeat = async (times: number): Promise<void> => {
        const found = await read(times);
        if (found !== times) throw new Error(`${name} found a token ${found} times out of ${times}.`);
      };
      return { name, role, repeat };
    }),
  );
  const samples = await race(racers, { rounds, turns: quick ? 4 : 20, turn: 4, leavesGarbage: false });
  return samples.map((sample) => ({ ...sample, values: inNanoseconds(sample.values) }));
}

function inNanoseconds(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, microseconds]) => [name, microseconds * 1000]));
}
