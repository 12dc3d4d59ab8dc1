import type { TokenCache } from "@tokenflight/core";
import { changedCache } from "./changed-cache.ts";
import { loginMutants } from "./login-mutants.ts";
import type { NamedMutant } from "./mutant.ts";
import { storeMutants } from "./store-mutants.ts";

async function renewing(cache: TokenCache): ReturnType<TokenCache["get"]> {
  let tokens = await cache.get();
  for (let left = 4; left > 0; left -= 1) tokens = await cache.renew(tokens);
  return tokens;
}

function remembering(cache: TokenCache): TokenCache {
  let first: ReturnType<TokenCache["get"]> | undefined;
  return changedCache(cache, {
    get(options) {
      first ??= cache.get(options);
      first.catch(() => {
        first = undefined;
      });
      return first;
    },
  });
}

export const mutants: readonly NamedMutant[] = [
  ...storeMutants,
  ...loginMutants,
  [
    "a source that sends each token request twice",
    {
      source: (source) =>
        Object.assign(async (context: Parameters<typeof source>[0]) => {
          const [first] = await Promise.all([source(context), source(context).catch(() => {})]);
          return first;
        }, source),
    },
    /without an intent of its own/,
  ],
  [
    "a source that says that it uses nothing up",
    { source: (source) => Object.assign(source, { spendsRefreshToken: false }) },
    /sent|intent|stored/,
  ],
  [
    "a monotonic clock that runs a hundred times too fast",
    { clock: (clock) => ({ ...clock, monotonic: () => clock.monotonic() * 100 }) },
    /over one that|before its pause/,
  ],
  [
    "a timer that is believed however late it is",
    { clock: (clock, process) => ({ ...clock, monotonic: () => clock.monotonic() - process.blindSince(0, 0) }) },
    /whose answer had arrived/,
  ],
  [
    "a wall clock that is slow by the life of a token",
    { clock: (clock) => ({ ...clock, now: () => clock.now() - 600_000 }) },
    /which was over/,
  ],
  [
    "a cache that does not listen to its callers' signals",
    { cache: (cache) => changedCache(cache, { get: () => cache.get() }) },
    /went on after its deadline/,
  ],
  [
    "a cache that asks for five tokens where one will do",
    { cache: (cache) => changedCache(cache, { get: (options) => (options === undefined ? renewing(cache) : cache.get(options)) }) },
    /sent after the faults/,
  ],
  ["a cache that hands out what it had first", { cache: remembering }, /which was over|after a newer one|knew to be over/],
  [
    "a close that does not wait",
    { closable: (closable) => ({ ...closable, close: async () => void closable.close() }) },
    /in the middle of a refresh|after its close/,
  ],
  ["a close that ends nothing", { closable: (closable) => ({ ...closable, close: async () => {} }) }, /after the close/],
  ["a cache that tells the platform of nothing", { keepAlive: () => {} }, /ended in the middle of a refresh/],
];
