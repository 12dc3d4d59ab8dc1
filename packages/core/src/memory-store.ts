import type { StoredEntry, TokenStore, Version } from "./store.ts";

/** Shares token sets between the caches of one process. They are gone when the process ends. */
export function memoryStore(): TokenStore {
  const entries = new Map<string, StoredEntry>();
  const watchers = new Map<string, Set<() => void>>();
  let writes = 0;

  return {
    async read(key) {
      return entries.get(key);
    },

    async compareAndSet(key, expected, value) {
      if (entries.get(key)?.version !== expected) return undefined;
      writes += 1;
      const version: Version = String(writes);
      if (value === undefined) entries.delete(key);
      else entries.set(key, { version, value });
      for (const changed of watchers.get(key) ?? []) changed();
      return version;
    },

    watch(key, changed) {
      const watching = watchers.get(key) ?? new Set();
      // One function may watch twice, and stop once.
      const watcher = (): void => changed();
      watchers.set(key, watching.add(watcher));
      return () => {
        watching.delete(watcher);
        if (watching.size === 0 && watchers.get(key) === watching) watchers.delete(key);
      };
    },
  };
}
