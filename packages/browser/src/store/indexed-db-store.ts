import {
  ChangeListeners,
  guarded,
  OpenWork,
  readOptions,
  requireFunction,
  requireText,
  signalOf,
  StoreError,
  ttlOf,
  waitFor,
  type ChangeListener,
  type StoredEntry,
  type TokenStore,
} from "@tokenflight/core";
import { Database, isForeign, toStoreError, type Row } from "./database.ts";
import type { PageMemory, Place } from "./page-memory.ts";
import { TabChanges } from "./tab-changes.ts";
import { randomName, TabLock } from "./tab-lock.ts";

export interface IndexedDbStoreOptions {
  /** The name of the database. Pages and workers of an origin that give the same one share its entries. */
  name: string;
  /** Is told, once, when the browser denies the storage, so that this page shares with nobody. Default: `console.warn`. */
  warn?: ((warning: IndexedDbWarning) => void) | undefined;
}

export interface IndexedDbWarning {
  readonly code: "memory";
  readonly message: string;
  /** What the browser said. */
  readonly cause: unknown;
}

/** A token store in IndexedDB. `holder` and `isGone` are there where the browser has Web Locks. */
export interface IndexedDbStore extends TokenStore {
  watch(key: string, changed: () => void): () => void;
  watchAll(changed: ChangeListener): () => void;
  keepOpen(work: Promise<unknown>): void;
  /** Waits for what `keepOpen` was told of, then closes the database. Operations that come later reject with a StoreError, ERR_CLOSED. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds that operations wait for the database to open, which is much less than a token cache waits for its store. */
const longestOpening = 700;
/** Milliseconds from then on after which the page gives it up. Slow machines need some seconds. */
const longestHang = 3000;
/** Milliseconds between two looks for entries that are over. */
const sweepInterval = 60_000;

/**
 * Shares token sets between the tabs and workers of one origin, in one IndexedDB database.
 *
 * A write has reached the disk when it is acknowledged. Others hear of it at once (BroadcastChannel), and of a tab that was closed in the middle
 * of a refresh, too (Web Locks). Where the browser denies the storage, or does not open it in 3.7 seconds, the page goes on in memory, and `warn` is told;
 * a database that opens late is taken then. Until so much is known, operations reject with a StoreError, and a login is kept in memory. In a
 * worker, whose memory the browser may drop at any time, there is no such place, and operations fail. Throws InvalidOptionError.
 */
export function indexedDbStore(options: IndexedDbStoreOptions): IndexedDbStore {
  const { name, warn = warnOnConsole } = readOptions("indexedDbStore", options, ["name", "warn"]);
  requireText("name", name);
  requireFunction("warn", warn);
  return new TabStore(name, guarded(warn));
}

function warnOnConsole({ message, cause }: IndexedDbWarning): void {
  // oxlint-disable-next-line eslint/no-console -- Somebody has to hear of it.
  console.warn(message, cause);
}

/** Few pages need one, so that it is loaded here. Undefined when it cannot be. */
function newMemory(isAll: boolean): Promise<PageMemory | undefined> {
  return import("./page-memory.ts").then(
    (loaded) => new loaded.PageMemory(isAll),
    () => undefined,
  );
}

/** Whether it is there in so many milliseconds. Rejects with what it rejects with. */
function isWithin(opening: Promise<unknown>, longest: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slow = new Promise<false>((resolve) => (timer = setTimeout(resolve, longest, false)));
  return Promise.race([opening.then(() => true), slow]).finally(() => clearTimeout(timer));
}

class TabStore implements IndexedDbStore {
  readonly holder?: () => Promise<string>;
  readonly isGone?: (holder: string) => Promise<boolean>;
  readonly #name: string;
  readonly #warn: (warning: IndexedDbWarning) => void;
  readonly #work = new OpenWork("IndexedDB");
  readonly #database: Database;
  readonly #changes: TabChanges;
  readonly #lock: TabLock | undefined;
  #place: Promise<Place> | undefined;
  #sweptAt = 0;

  constructor(name: string, warn: (warning: IndexedDbWarning) => void) {
    this.#name = name;
    this.#warn = warn;
    this.#changes = new TabChanges(name, () => this.#database.close());
    this.#database = new Database(name, () => this.#changes.tell());
    const { locks } = navigator as { locks?: LockManager };
    if (locks === undefined) return;
    const lock = new TabLock(locks, name);
    this.#lock = lock;
    this.holder = async () => {
      this.#work.requireOpen();
      return lock.hold();
    };
    this.isGone = async (holder) => {
      this.#work.requireOpen();
      return lock.isGone(holder);
    };
  }

  read: TokenStore["read"] = async (key, options) => {
    this.#work.requireOpen();
    const place = await waitFor(this.#placeOf(), signalOf(options));
    return place.read(key, options);
  };

  compareAndSet: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
    this.#work.requireOpen();
    const place = await waitFor(this.#placeOf(), signalOf(options));
    const version = await place.compareAndSet(key, expected, value, options);
    const mark = value === undefined ? undefined : ChangeListeners.markOf(options);
    if (version !== undefined) this.#changes.wrote(key, version, mark, place !== this.#tables);
    return version;
  };

  watch(key: string, changed: () => void): () => void {
    return this.#work.hasEnded ? () => {} : this.#changes.watch(key, changed);
  }

  watchAll(changed: ChangeListener): () => void {
    return this.#work.hasEnded ? () => {} : this.#changes.watchAll(changed);
  }

  keepOpen(work: Promise<unknown>): void {
    this.#work.keepOpen(work);
    this.#lock?.keepFor(work);
  }

  close(): Promise<void> {
    return this.#work.close(async () => {
      this.#changes.stop();
      this.#database.close();
      await this.#lock?.release();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The database; memory, where it cannot be opened. A database that could be opened once is not given up. */
  #placeOf(): Promise<Place> {
    return (this.#place ??= this.#find());
  }

  async #find(): Promise<Place> {
    // A worker is stopped when it has nothing to do, and a login in its memory with it: operations wait, and fail.
    if (typeof document === "undefined") return this.#tables;
    // Some browsers fail once, and open then.
    const opening = this.#database.open().catch(() => this.#database.open());
    try {
      if (await isWithin(opening, longestOpening)) return this.#tables;
    } catch (error) {
      // What is there belongs to somebody else: each operation says so.
      return isForeign(error) ? this.#tables : this.#inMemory(error);
    }
    const memory = await newMemory(false);
    // What cannot be loaded, as in a worker of several files, cannot help.
    if (memory === undefined) return this.#tables;
    void this.#await(opening, memory);
    return memory;
  }

  async #inMemory(cause: unknown): Promise<Place> {
    const memory = await newMemory(true);
    if (memory === undefined) return this.#tables;
    this.#giveUp(cause);
    return memory;
  }

  #giveUp(cause: unknown): void {
    const message = `The IndexedDB database "${this.#name}" cannot be used: this page shares no login with others, and loses it with a reload.`;
    this.#warn({ code: "memory", message, cause });
  }

  /** The database takes its time. */
  async #await(opening: Promise<unknown>, memory: PageMemory): Promise<void> {
    try {
      if (!(await isWithin(opening, longestHang))) {
        memory.isAll = true;
        this.#giveUp(new Error("It does not open."));
        await opening;
      }
    } catch (error) {
      if (!memory.isAll) this.#giveUp(error);
      memory.isAll = true;
      return;
    }
    this.#place = memory
      .moveTo(this.#tables, (key, version) => this.#changes.wrote(key, version, undefined, false))
      .then(
        () => this.#tables,
        () => this.#tables,
      );
    await this.#place;
    this.#changes.tell();
  }

  readonly #tables: Place = {
    read: async (key, options) => {
      const row = await this.#run<Row | undefined>("readonly", signalOf(options), (rows, give) => {
        const request = rows.get(key);
        request.onsuccess = () => give(request.result);
      });
      return entryOf(row);
    },

    compareAndSet: async (key, expected, value, options) => {
      const version = randomName();
      const ttl = ttlOf(options);
      const row = { key, version, value, ...(ttl !== undefined && { end: Date.now() + ttl }) };
      return this.#run<string>("readwrite", signalOf(options), (rows, give) => {
        const request = rows.get(key);
        request.onsuccess = () => {
          const found = request.result as Row | undefined;
          if ((isOver(found) ? undefined : found?.version) !== expected) return;
          give(version);
          if (value === undefined) rows.delete(key);
          else rows.put(row);
          this.#sweep(rows);
        };
      });
    },
  };

  async #run<Result>(...[mode, signal, work]: Parameters<typeof Database.prototype.run<Result>>): Promise<Result | undefined> {
    try {
      return await this.#database.run(mode, signal, work);
    } catch (error) {
      throw signal?.aborted === true ? error : toStoreError(error, this.#name);
    }
  }

  /** Removes what is over, in the transaction of a write. */
  #sweep(rows: IDBObjectStore): void {
    const now = Date.now();
    if (Math.abs(now - this.#sweptAt) < sweepInterval) return;
    this.#sweptAt = now;
    const request = rows.index("end").openCursor(IDBKeyRange.upperBound(now));
    request.onsuccess = () => {
      request.result?.delete();
      request.result?.continue();
    };
  }
}

/** Throws StoreError, ERR_STORE_RECORD_INVALID, for what somebody else has put there. */
function entryOf(row: Row | undefined): StoredEntry | undefined {
  if (row === undefined || isOver(row)) return undefined;
  const { version, value } = row;
  if (typeof version === "string" && typeof value === "string") return { version, value };
  throw new StoreError("ERR_STORE_RECORD_INVALID", "The entry in IndexedDB is none of this store's.", {
    version: typeof version === "string" ? version : undefined,
  });
}

function isOver(row: Row | undefined): boolean {
  return typeof row?.end === "number" && row.end <= Date.now();
}
