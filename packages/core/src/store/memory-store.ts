import type { StoredEntry, TokenStore } from "./store.ts";

/** Shares token sets between the caches of one process. They are gone when the process ends. */
export function memoryStore(): TokenStore {
  // A pool may hold very many entries: a version is a number here, and becomes a text for whoever looks.
  const entries = new Map<string, { readonly write: number; readonly value: string }>();
  const watchers = new Map<string, Set<() => void>>();
  let writes = 0;

  const find = (key: string): StoredEntry | undefined => {
    const entry = entries.get(key);
    return entry === undefined ? undefined : { version: String(entry.write), value: entry.value };
  };

  return {
    async read(key) {
      return find(key);
    },

    async compareAndSet(key, expected, value) {
      if (find(key)?.version !== expected) return undefined;
      writes += 1;
      if (value === undefined) entries.delete(key);
      else entries.set(key, { write: writes, value });
      for (const changed of watchers.get(key) ?? []) changed();
      return String(writes);
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
