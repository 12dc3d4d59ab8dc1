import type { TokenStore, WriteOptions } from "@tokenflight/core";
import { taskOf } from "./sim-request.ts";
import type { Mutant, NamedMutant, StoreSurroundings } from "./mutant.ts";
import { logouts } from "./store-client.ts";
import type { StoredRecord } from "./stored-record.ts";

const counts = new WeakMap<object, number>();
let lastKey: string | undefined;

/** How often something has happened to this store. */
function countOf(store: object): number {
  const count = (counts.get(store) ?? 0) + 1;
  counts.set(store, count);
  return count;
}

/** Writes a logout over whatever has come meanwhile. */
function insistingOn(store: TokenStore): TokenStore["compareAndSet"] {
  return async (key, expected, value, options) => {
    const version = await store.compareAndSet(key, expected, value, options);
    if (version !== undefined || logouts.getStore() === undefined) return version;
    const entry = await store.read(key);
    const { generation } = JSON.parse(entry?.value ?? "{}") as Partial<StoredRecord>;
    const next = { ...(JSON.parse(value ?? "{}") as StoredRecord), generation: (generation ?? 0) + 1 };
    return store.compareAndSet(key, entry?.version, JSON.stringify(next), options);
  };
}

/** A store with another way to write. */
function writing(store: TokenStore, write: TokenStore["compareAndSet"]): TokenStore {
  return { ...store, compareAndSet: write };
}

/** Writes whoever has written meanwhile. */
function writingAnyhow(store: TokenStore, { inside, process }: StoreSurroundings): TokenStore["compareAndSet"] {
  return async (key, expected, value, options) => {
    const [task, logout] = [taskOf(process), logouts.getStore()];
    const version = await store.compareAndSet(key, expected, value, options);
    if (version !== undefined || value === undefined) return version;
    return inside.write(process, { key, value, ttl: options?.ttl, mark: options?.mark, task, logout });
  };
}

/** A store that shows its records otherwise than they are. */
function showing(change: (value: string) => string): NonNullable<Mutant["store"]> {
  return (store) => ({
    ...store,
    read: async (key, options) => {
      const entry = await store.read(key, options);
      return entry && { ...entry, value: change(entry.value) };
    },
  });
}

function withoutLineage(value: string): string {
  return value === "{" ? value : JSON.stringify({ ...(JSON.parse(value) as StoredRecord), lineage: "one" });
}

function answeringFew(store: TokenStore, key: string): ReturnType<TokenStore["read"]> {
  return countOf(store) > 20 ? new Promise(() => {}) : store.read(key);
}

export const storeMutants: readonly NamedMutant[] = [
  [
    "a store that writes whatever the version is",
    { store: (store, around) => writing(store, writingAnyhow(store, around)) },
    /intent|generation|session|tokens/,
  ],
  ["a logout that ends a login which came later", { store: (store) => writing(store, insistingOn(store)) }, /which came later/],
  [
    "a store that acknowledges writes and forgets one in four",
    {
      store: (store) =>
        writing(store, async (key, expected, value, options) =>
          countOf(store) % 4 === 0 ? String(Number(expected ?? 0) + 1) : store.compareAndSet(key, expected, value, options),
        ),
    },
    /not stored|intent|session|first login/i,
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
    "a store that answers no reads after a while",
    { store: (store) => ({ ...store, read: (key) => answeringFew(store, key) }) },
    /still fails/,
  ],
  ["held state of another login that is written back", { store: showing(withoutLineage) }, /came back/],
  [
    "a refresh that takes an entry that it cannot read for an empty one",
    { store: showing((value) => (value === "{" || value.includes('"format":3') ? '{"format":1,"generation":0}' : value)) },
    /nobody can read|newer format/,
  ],
  [
    "a takeover at once from an owner that is only silent",
    {
      store: (store, { process, processes }) => ({
        ...store,
        ...(store.isGone && { isGone: async (holder) => processes.get(holder)?.isStopped(process.clock.monotonic()) === true }),
      }),
    },
    /over one that lives/,
  ],
  [
    "an entry with a refresh token that may be removed",
    {
      store: (store) =>
        writing(store, (key, expected, value, options) => store.compareAndSet(key, expected, value, { ...options, ttl: 3600 })),
    },
    /may be removed/,
  ],
  [
    "a logout that may be removed after an hour",
    { store: (store) => writing(store, (key, expected, value, options) => store.compareAndSet(key, expected, value, hourly(options))) },
    /may be removed too early/,
  ],
  [
    "a cache that does not hear of changes",
    { store: (store) => ({ ...store, ...(store.watchAll && { watchAll: () => store.watchAll?.(() => {}) ?? (() => {}) }) }) },
    /which it knew to be over/,
  ],
];

function hourly(options: WriteOptions | undefined): WriteOptions {
  const { ttl } = options ?? {};
  return { ...options, ttl: ttl && Math.min(ttl, 3_600_000) };
}
