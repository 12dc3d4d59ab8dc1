import { memoryStore, type TokenStore } from "@tokenflight/core";
import { storeContract, storeScenarios } from "@tokenflight/core/testing";
import { describe, expect, it } from "vitest";

type Pair = [store: TokenStore, other: TokenStore];

/** Resolves to the ids of the scenarios among `ids` that do not hold for a store and another handle on it. */
async function broken(open: () => Pair, ids: readonly string[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { id, run } of storeScenarios.filter((scenario) => ids.includes(scenario.id))) {
    const [store, other] = open();
    await run({ store, other, key: crypto.randomUUID() }).catch(() => failed.push(id));
  }
  return failed;
}

const twice = (store: TokenStore): Pair => [store, store];

/** A store that anybody might write at first, and what the contract finds in it. */
const mistakes: readonly [mistake: string, open: () => Pair, found: readonly string[]][] = [
  [
    "writes whatever is expected",
    () => {
      const inner = memoryStore();
      const write: TokenStore["compareAndSet"] = async (key, _, value) => inner.compareAndSet(key, (await inner.read(key))?.version, value);
      return twice({ ...inner, compareAndSet: write });
    },
    ["create", "lose"],
  ],
  [
    "looks first and writes then",
    () => {
      const inner = memoryStore();
      const write: TokenStore["compareAndSet"] = async (key, expected, value) => {
        const before = await inner.read(key);
        if (before?.version !== expected) return undefined;
        await new Promise(setImmediate);
        return inner.compareAndSet(key, (await inner.read(key))?.version, value);
      };
      return twice({ ...inner, compareAndSet: write });
    },
    ["race-one-handle", "no-lost-update"],
  ],
  [
    "counts versions per entry, from one",
    () => {
      const entries = new Map<string, { version: string; value: string }>();
      return twice({
        read: async (key) => entries.get(key),
        async compareAndSet(key, expected, value) {
          const entry = entries.get(key);
          if (entry?.version !== expected) return undefined;
          const version = String(Number(entry?.version ?? 0) + 1);
          if (value === undefined) entries.delete(key);
          else entries.set(key, { version, value });
          return version;
        },
      });
    },
    ["versions-never-repeat", "stale-after-delete"],
  ],
  [
    "takes the value for the version",
    () => {
      const inner = new Map<string, string>();
      return twice({
        read: async (key) => (inner.has(key) ? { version: inner.get(key) as string, value: inner.get(key) as string } : undefined),
        async compareAndSet(key, expected, value) {
          if (inner.get(key) !== expected) return undefined;
          if (value === undefined) inner.delete(key);
          else inner.set(key, value);
          return value ?? "deleted";
        },
      });
    },
    ["replace", "versions-never-repeat", "stale-after-delete"],
  ],
  [
    "caches what it has read",
    () => {
      const inner = memoryStore();
      const caching = (): TokenStore => {
        const cache = new Map<string, Promise<{ version: string; value: string } | undefined>>();
        return {
          read: (key) => cache.get(key) ?? cache.set(key, inner.read(key)).get(key) ?? inner.read(key),
          async compareAndSet(key, expected, value) {
            cache.delete(key);
            return inner.compareAndSet(key, expected, value);
          },
        };
      };
      return [caching(), caching()];
    },
    ["reads-see-writes"],
  ],
  [
    "takes capital letters for small ones",
    () => {
      const inner = memoryStore();
      return twice({
        read: (key) => inner.read(key.toLowerCase()),
        compareAndSet: (key, expected, value) => inner.compareAndSet(key.toLowerCase(), expected, value),
      });
    },
    ["any-key"],
  ],
  [
    "ends a text at its first NUL",
    () => {
      const inner = memoryStore();
      return twice({ ...inner, compareAndSet: (key, expected, value) => inner.compareAndSet(key, expected, value?.split("\0")[0]) });
    },
    ["any-value"],
  ],
  [
    "takes an empty value for none",
    () => {
      const inner = memoryStore();
      return twice({ ...inner, compareAndSet: (key, expected, value) => inner.compareAndSet(key, expected, value || undefined) });
    },
    ["any-value"],
  ],
  [
    "writes although it rejects",
    () => {
      const inner = memoryStore();
      const write: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
        const version = await inner.compareAndSet(key, expected, value);
        options?.signal?.throwIfAborted();
        return version;
      };
      return twice({ ...inner, compareAndSet: write });
    },
    ["aborted"],
  ],
  ["never hints", () => twice({ ...memoryStore(), watch: () => () => {} }), ["watch"]],
  [
    "hints when it is asked to, and never again",
    () => {
      const hintAtOnce: TokenStore["watch"] = (_, changed) => {
        queueMicrotask(changed);
        return () => {};
      };
      return twice({ ...memoryStore(), watch: hintAtOnce });
    },
    ["watch"],
  ],
  [
    "knows a watcher by its function",
    () => {
      const inner = memoryStore();
      const watching = new Map<() => void, () => void>();
      const watch: TokenStore["watch"] = (key, changed) => {
        if (!watching.has(changed)) watching.set(changed, inner.watch?.(key, changed) ?? (() => {}));
        return () => watching.get(changed)?.();
      };
      return twice({ ...inner, watch });
    },
    ["watch-twice"],
  ],
  [
    "closes for everybody",
    () => {
      const inner = memoryStore();
      let closed = false;
      const open = (): TokenStore => ({
        read: async (key) => (closed ? Promise.reject(new Error("closed")) : inner.read(key)),
        compareAndSet: inner.compareAndSet,
        close: async () => void (closed = true),
      });
      return [open(), open()];
    },
    ["close"],
  ],
];

describe("the store contract", () => {
  it.concurrent.each(mistakes)("finds a store that %s", async (_, open, found) => {
    expect(await broken(open, found)).toEqual(storeScenarios.map(({ id }) => id).filter((id) => found.includes(id)));
  });

  it("has nothing against one that keeps it", async () => {
    const all = storeScenarios.map(({ id }) => id);
    expect(await broken(() => twice(memoryStore()), all)).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("runs with any runner, and reports a declared difference as skipped with its reason", () => {
    const ran: string[] = [];
    const skipped: string[] = [];
    const test = Object.assign((name: string) => ran.push(name), { skip: (name: string) => skipped.push(name) });
    const subject = { name: "mine", open: async () => ({ store: memoryStore(), close: async () => {} }) };
    const runner = { describe: (_: string, define: () => void) => define(), it: test };
    storeContract({ ...subject, differences: { watch: "it cannot" } }, runner);
    expect(skipped).toEqual(["watch: hints at changes that were made through another handle (not run: it cannot)"]);
    expect(ran).toHaveLength(storeScenarios.length - 1);
    expect(() => storeContract({ ...subject, differences: { wach: "misspelt" } }, runner)).toThrow("wach");
  });
});
