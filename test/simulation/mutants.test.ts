import type { TokenCache, TokenStore } from "@tokenflight/core";
import { expect, it } from "vitest";
import { configurationOf } from "./configuration.ts";
import { simulate, type Mutant } from "./simulate.ts";

/** Seeds within which a mutant has to be found. */
const patience = 300;

let lastKey: string | undefined;
const sloppy = new Map<object, number>();

const mutants: readonly (readonly [string, Mutant, RegExp])[] = [
  [
    "a store that writes whatever the version is",
    {
      store: (store, inside, process) => ({
        ...store,
        compareAndSet: async (key, expected, value) => {
          const version = await store.compareAndSet(key, expected, value);
          return version ?? inside.write(process, key, value as string);
        },
      }),
    },
    /intent|generation|session|tokens/,
  ],
  [
    "a store that acknowledges writes and forgets one in four",
    {
      store: (store) => ({
        ...store,
        compareAndSet: async (key, expected, value) => {
          const count = (sloppy.get(store) ?? 0) + 1;
          sloppy.set(store, count);
          return count % 4 === 0 ? String(Number(expected ?? 0) + 1) : store.compareAndSet(key, expected, value);
        },
      }),
    },
    /not stored|intent|session/,
  ],
  [
    "a store that answers with another key's entry",
    {
      store: (store) => ({
        ...store,
        read: (key) => {
          const asked = lastKey ?? key;
          lastKey = key;
          return store.read(asked);
        },
      }),
    },
    /somebody else's/,
  ],
  [
    "a source that sends each token request twice",
    {
      source: (source) =>
        Object.assign(
          async (context: Parameters<typeof source>[0]) => {
            const [first] = await Promise.all([source(context), source(context).catch(() => {})]);
            return first;
          },
          { spendsRefreshToken: source.spendsRefreshToken ?? true },
        ),
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
    /over one that lives|before its pause/,
  ],
  [
    "a wall clock that is slow by the life of a token",
    { clock: (clock) => ({ ...clock, now: () => clock.now() - 600_000 }) },
    /which was over/,
  ],
  [
    "a cache that does not listen to its callers' signals",
    { cache: (cache) => withGet(cache, () => cache.get()) },
    /went on after its deadline/,
  ],
  [
    "a cache that asks for five tokens where one will do",
    { cache: (cache) => withGet(cache, (options) => (options === undefined ? renewing(cache) : cache.get(options))) },
    /sent after the faults/,
  ],
  [
    "a store that answers no reads after a while",
    { store: (store) => ({ ...store, read: (key) => answeringFew(store, key) }) },
    /still fails/,
  ],
  ["a cache that hands out what it had first", { cache: (cache) => remembering(cache) }, /which was over|after a newer one/],
];

function withGet(cache: TokenCache, get: TokenCache["get"]): TokenCache {
  return {
    get,
    peek: () => cache.peek(),
    renew: (...given) => cache.renew(...given),
    reportReplay: (...given) => cache.reportReplay(...given),
    save: (tokens) => cache.save(tokens),
    forget: () => cache.forget(),
  };
}

async function renewing(cache: TokenCache): ReturnType<TokenCache["get"]> {
  let tokens = await cache.get();
  for (let left = 4; left > 0; left -= 1) tokens = await cache.renew(tokens);
  return tokens;
}

const reads = new Map<object, number>();

function answeringFew(store: TokenStore, key: string): ReturnType<TokenStore["read"]> {
  const count = (reads.get(store) ?? 0) + 1;
  reads.set(store, count);
  return count > 20 ? new Promise(() => {}) : store.read(key);
}

function remembering(cache: TokenCache): TokenCache {
  let first: ReturnType<TokenCache["get"]> | undefined;
  return withGet(cache, (options) => {
    first ??= cache.get(options);
    first.catch(() => {
      first = undefined;
    });
    return first;
  });
}

it.each(mutants)("%s is found", { timeout: 60_000 }, async (name, mutant, expected) => {
  for (let seed = 1; seed <= patience; seed += 1) {
    const { violation } = await simulate(configurationOf(seed), { mutant });
    if (violation === undefined) continue;
    process.stdout.write(`${name}: seed ${seed}: ${violation}\n`);
    expect(violation).toMatch(expected);
    return;
  }
  expect.fail(`${name} was not found in ${patience} seeds.`);
});
