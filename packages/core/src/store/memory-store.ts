import { ChangeListeners } from "./change-listeners.ts";
import { OpenWork } from "./open-work.ts";
import { systemClock } from "../clock/clock.ts";
import { disposal } from "../platform/disposal.ts";
import { shared } from "../platform/shared.ts";
import { ttlOf, type DisposableStore, type StoredEntry, type TokenStore } from "./store.ts";

/** A store in the memory of one process. What uses it ends with it, so that it has no `holder` and no `isGone`. */
export type MemoryStore = DisposableStore & Required<Pick<TokenStore, "watch" | "watchAll" | "keepOpen" | "close">>;

/** A pool may hold very many entries, so that one is two small numbers and its value. */
interface Entry {
  /** The number of its write. As a text it is the version. */
  readonly write: number;
  readonly value: string;
  /** When it may be removed, in tenths of seconds of the monotonic clock; zero for never. */
  readonly end: number;
}

/** Tenths of seconds between two looks for entries that are over, at least. With very many entries there are fewer. */
const shortestRound = 600;

/** In tenths of seconds, and as whole numbers, which take less room. */
const now = (): number => Math.floor(systemClock.monotonic() / 100);
const endAfter = (ttl: number | undefined): number => (ttl === undefined ? 0 : Math.ceil((systemClock.monotonic() + ttl) / 100));

/**
 * Shares token sets between the caches of one process. They are gone when the process ends.
 *
 * @example
 * ```ts
 * const store = memoryStore();
 * const tokens = createTokenCache({ source, store, key: "alice" });
 * ```
 */
export function memoryStore(): MemoryStore {
  const entries = new Map<string, Entry>();
  const listeners = new ChangeListeners();
  const work = new OpenWork("memory");
  let writes = 0;
  /** The earliest end of an entry: until then there is nothing to remove. */
  let firstEnd = Number.POSITIVE_INFINITY;
  let lastRound = 0;
  let kept = 0;

  function find(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.end === 0 || now() < entry.end) return entry;
    entries.delete(key);
    return undefined;
  }

  /** Removes what is over: once a minute, or when there are twice as many entries as were left the last time, and only when somebody writes. */
  function sweep(): void {
    if (firstEnd === Number.POSITIVE_INFINITY) return;
    const time = now();
    const isDue = time >= lastRound + Math.max(shortestRound, entries.size / 100) || entries.size > 2 * kept + 100;
    if (time < firstEnd || !isDue) return;
    firstEnd = Number.POSITIVE_INFINITY;
    for (const [key, { end }] of entries) {
      if (end === 0) continue;
      if (end <= time) entries.delete(key);
      else firstEnd = Math.min(firstEnd, end);
    }
    lastRound = time;
    kept = entries.size;
  }

  const store: MemoryStore = {
    async read(key): Promise<StoredEntry | undefined> {
      work.requireOpen();
      const entry = find(key);
      return entry === undefined ? undefined : { version: String(entry.write), value: entry.value };
    },

    async compareAndSet(key, expected, value, options) {
      work.requireOpen();
      const write = find(key)?.write;
      if (expected !== (write === undefined ? undefined : String(write))) return undefined;
      writes += 1;
      if (value === undefined) {
        entries.delete(key);
      } else {
        const end = endAfter(ttlOf(options));
        entries.set(key, { write: writes, value, end });
        if (end !== 0) firstEnd = Math.min(firstEnd, end);
      }
      sweep();
      const version = String(writes);
      listeners.tell(key, version, value === undefined ? undefined : ChangeListeners.markOf(options));
      return version;
    },

    watch: (key, changed) => listeners.watch(key, changed),
    watchAll: (changed) => listeners.watchAll(changed),
    keepOpen: (promise) => work.keepOpen(promise),
    close: () =>
      work.close(() => {
        entries.clear();
        listeners.clear();
      }),
    ...disposal(() => store.close()),
  };
  memoryStores.add(store);
  return store;
}

const memoryStores = shared("memory-stores.1", () => new WeakSet<TokenStore>());

/** Whether nothing in this store leaves the process, so that its keys need not be hashed. */
export function isMemoryStore(store: TokenStore): boolean {
  return memoryStores.has(store);
}
