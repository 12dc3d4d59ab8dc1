import { getContenders, peekContenders } from "../contenders/cache/caches.ts";
import type { CacheContender } from "../contenders/cache/cache-contender.ts";
import { freshToken } from "../contenders/held-token.ts";
import { interleave } from "../measure/interleave.ts";
import type { Sample } from "../measure/sample.ts";
import { spent } from "../measure/spent.ts";
import { warmUp } from "../measure/warm-up.ts";
import type { Effort, Part, Scenario } from "./scenario.ts";

const tables = { sync: "Without a promise", async: "With a promise" };

export const cacheHit: Scenario = {
  name: "cache-hit",
  title: "Cache hit",
  about:
    "Reading a token that is fresh, over and over. The floor is the least that a check for freshness can cost: one property of one object, " +
    "compared with the clock; with a promise, an `async` function that does the same. Each contender has a loop of its own.",
  rounds: 31,
  processes: 5,
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
  const prepared = await Promise.all(contenders.map(async (contender) => ({ ...contender, read: await contender.prepare(freshToken()) })));
  const checked = prepared.map(({ name, read }) => async (times: number): Promise<void> => {
    const found = await read(times);
    if (found !== times) throw new Error(`${name} found a token ${found} times out of ${times}.`);
  });
  const times = await warmUp(checked, quick ? 10 : 60);
  return interleave(prepared, rounds, async ({ read }) => {
    const { cpu, wall } = await spent(() => read(times));
    return { cpu: (cpu * 1000) / times, wall: (wall * 1000) / times };
  });
}
