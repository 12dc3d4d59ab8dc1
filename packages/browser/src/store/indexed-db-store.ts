import {
  ChangeListeners,
  disposal,
  OpenWork,
  readOptions,
  requireText,
  signalOf,
  waitFor,
  type ChangeListener,
  type DisposableStore,
  type TokenStore,
} from "@tokenflight/core";
import { warnWith } from "../warnings.ts";
import { Database, isForeign, isWithin } from "./database.ts";
import { TabChanges } from "./tab-changes.ts";
import { TabLock } from "./tab-lock.ts";
import { tablesOf, type Place } from "./tables.ts";

/** The options of `indexedDbStore`. */
export interface IndexedDbStoreOptions {
  /** The name of the database. Pages and workers of an origin that give the same one share its entries. */
  name: string;
  /** Is told, once, when the browser denies the storage, so that this page shares with nobody. Default: `console.warn`. */
  warn?: ((warning: IndexedDbWarning) => void) | undefined;
}

/** What `warn` is told. */
export interface IndexedDbWarning {
  /** "memory": what this page writes is gone with it. */
  readonly code: "memory";
  /** The same in words. */
  readonly message: string;
  /** What the browser said. */
  readonly cause: unknown;
}

/** A token store in IndexedDB. `holder` and `isGone` are there where the browser has Web Locks. */
export type IndexedDbStore = DisposableStore & Required<Pick<TokenStore, "watch" | "watchAll" | "keepOpen" | "close">>;

/** Milliseconds after which a page gives up a database that has not opened. Slow machines need some seconds. `operationTimeout` is longer. */
const longestOpening = 3700;

/**
 * Shares token sets between the tabs and workers of one origin, in one IndexedDB database.
 *
 * A write has reached the disk when it is acknowledged. Others hear of it at once (BroadcastChannel), and of a tab that was closed in the middle of a
 * refresh, too (Web Locks). Where the browser denies the storage, or does not open it in 3.7 seconds, the page goes on in memory, and `warn` is told; a
 * database that opens later is taken then, with what the page has written. Operations wait for so long, and a token cache for 5 seconds, where its program
 * does not say otherwise (`timeouts.store`). In a worker, whose memory the browser may drop at any time, there is no such place, and operations fail.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const store = indexedDbStore({ name: "my-app" });
 * const tokens = createTokenCache({ source: client.refreshToken(), store, key: "user" });
 * ```
 */
export function indexedDbStore(options: IndexedDbStoreOptions): IndexedDbStore {
  const { name, warn } = readOptions("indexedDbStore", options, ["name", "warn"]);
  requireText("name", name);
  const tell = warnWith(warn);
  const work = new OpenWork("IndexedDB");
  const changes: TabChanges = new TabChanges(name, () => database.close());
  const database = new Database(name, () => changes.tell());
  const tables = tablesOf(database);
  const requireOpen = (): void => work.requireOpen();
  const lock = (navigator as { locks?: LockManager }).locks && new TabLock(name);
  let place: Promise<Place> | undefined;

  /** The database; memory, where it cannot be opened. A database that could be opened once is not given up. */
  async function find(): Promise<Place> {
    // A worker is stopped when it has nothing to do, and a login in its memory with it: operations wait, and fail.
    if (typeof document === "undefined") return tables;
    // Some browsers fail once, and open then.
    const opening = database.open().catch(() => database.open());
    let failure: unknown;
    try {
      if (await isWithin(opening, longestOpening)) return tables;
    } catch (error) {
      // What is there belongs to somebody else: each operation says so.
      if (isForeign(error)) return tables;
      failure = error;
    }
    const opened = (move: () => Promise<unknown>): void => {
      requireOpen();
      place = move().then(() => {
        changes.tell();
        changes.post();
        return tables;
      });
    };
    // Few pages need it. What cannot be loaded, as in a worker of several files, cannot help.
    const loaded = await import("./page-memory.ts").catch(() => undefined);
    return loaded === undefined ? tables : new loaded.PageMemory({ name, opening, failure, tables, warn: tell, opened });
  }

  const placeOf = (signal: AbortSignal | undefined): Promise<Place> => {
    requireOpen();
    // The store may have ended while the database was slow to open, which would be opened anew.
    return waitFor((place ??= find()), signal).finally(requireOpen);
  };

  const store: IndexedDbStore = {
    operationTimeout: 5,

    read: async (key, how) => (await placeOf(signalOf(how))).read(key, how),

    async compareAndSet(key, expected, value, how) {
      const where = await placeOf(signalOf(how));
      const tellAll = (...change: Parameters<ChangeListener>): void => {
        changes.tell(...change);
        if (where === tables) changes.post(...change);
      };
      const version = await changes.during(where.compareAndSet(key, expected, value, how)).catch((error: unknown) => {
        // It may have been made all the same: what is being committed cannot be taken back.
        tellAll();
        throw error;
      });
      if (version !== undefined) tellAll(key, version, value === undefined ? undefined : ChangeListeners.markOf(how));
      return version;
    },

    watch: (key, changed) => (work.hasEnded ? () => {} : changes.watch(key, changed)),
    watchAll: (changed) => (work.hasEnded ? () => {} : changes.watchAll(changed)),

    keepOpen(promise) {
      work.keepOpen(promise);
      lock?.keepFor(promise);
    },

    close: () =>
      work.close(async () => {
        changes.stop();
        database.close();
        await lock?.release();
      }),
    ...disposal(() => store.close()),
  };
  if (lock === undefined) return store;
  return Object.assign(store, {
    holder: async () => {
      requireOpen();
      return lock.hold();
    },
    isGone: async (holder: string) => {
      requireOpen();
      return lock.isGone(holder);
    },
  });
}
