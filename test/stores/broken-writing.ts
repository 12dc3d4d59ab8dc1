import { memoryStore, type TokenStore } from "@tokenflight/core";
import { twice, type Mistake } from "./mistake.ts";

/** Stores that read and write as anybody might have written them at first, and what the contract finds in them. */
export const brokenWriting: readonly Mistake[] = [
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
    "takes no more writes of an entry after the thirtieth",
    () => {
      const inner = memoryStore();
      const writes = new Map<string, number>();
      const write: TokenStore["compareAndSet"] = async (key, ...given) => {
        const before = writes.get(key) ?? 0;
        if (before >= 30) return undefined;
        writes.set(key, before + 1);
        return inner.compareAndSet(key, ...given);
      };
      return twice({ ...inner, compareAndSet: write });
    },
    ["no-lost-update"],
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
];
