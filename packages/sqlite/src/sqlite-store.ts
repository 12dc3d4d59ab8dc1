import {
  ChangeListeners,
  InvalidOptionError,
  kindOf,
  memoryStore,
  OpenWork,
  readOptions,
  requireFunction,
  StoreError,
  signalOf,
  ttlOf,
  type ChangeListener,
  type TokenStore,
  type DisposableStore,
} from "@tokenflight/core";
import { statSync } from "node:fs";
import { Database } from "./database.ts";
import { Holders } from "./holders.ts";
import { retryWhileBusy } from "./retry-while-busy.ts";
import { isBusy, toStoreError } from "./sqlite-error.ts";
import { inMemory, readPath } from "./store-path.ts";
import { Watchers } from "./watchers.ts";

/** The options of `sqliteStore`. */
export interface SqliteStoreOptions {
  /**
   * The database file, on a local file system: a path, in which "~/" is the home directory, or a file URL. It is made with mode 0600, and
   * folders that are missing with mode 0700. ":memory:" shares with nobody and is gone when the process ends.
   */
  path: string | URL;
  /** Seconds that an operation waits for its turn while other connections write. Default 5; a token cache gives up sooner. */
  busyTimeout?: number | undefined;
  /** Is told, once, when the users of a group may open the file. Default: `process.emitWarning`. */
  warn?: ((warning: SqliteWarning) => void) | undefined;
}

/** What `warn` is told. */
export interface SqliteWarning {
  /** "group": the users of a group may open the file. */
  readonly code: "group";
  /** The same in words, with the path. */
  readonly message: string;
}

/** A token store in one file. */
export interface SqliteStore extends DisposableStore {
  watch(key: string, changed: () => void): () => void;
  watchAll(changed: ChangeListener): () => void;
  keepOpen(work: Promise<unknown>): void;
  /** @throws a StoreError (`ERR_STORE_*`) where no file may be made beside the database: a holder that nobody can see is no holder. Its name is another one after that file was removed. */
  holder(): Promise<string>;
  isGone(holder: string): Promise<boolean>;
  /** What SQLite said last, while it is of no use: such as that another connection keeps the file locked. */
  trouble(): Error | undefined;
  /** Waits for what `keepOpen` was told of, then closes the database. Operations that come later reject with a StoreError, ERR_CLOSED. */
  close(): Promise<void>;
}

/** Milliseconds after a write until the log is emptied, where replaced values may still be read. */
const logLifetime = 1000;

/**
 * Shares token sets between the processes and worker threads of one machine, through one SQLite file.
 *
 * A write has reached the disk when it is acknowledged. SQLite works synchronously: an operation blocks the event loop for as long as the disk takes, and
 * never for the sake of a lock. The file is opened by the first operation: when it cannot be, is damaged, is another program's, or was written by a newer
 * version, each operation rejects with a StoreError, and the next one tries again.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const store = sqliteStore({ path: "/var/lib/my-app/tokens.db" });
 * const tokens = createTokenCache({ source, store, key: "alice" });
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path: given, busyTimeout = 5, warn = emitWarning } = readOptions("sqliteStore", options, ["path", "busyTimeout", "warn"]);
  const path = readPath(given);
  if (typeof busyTimeout !== "number" || !(busyTimeout >= 0 && Number.isFinite(busyTimeout))) {
    throw new InvalidOptionError("busyTimeout", "a number of seconds, zero or more", kindOf(busyTimeout));
  }
  requireFunction("warn", warn);
  // Nobody else has a holder's name of a store that is not shared.
  if (path === inMemory) return { ...memoryStore(), holder: async () => "memory", isGone: async () => false, trouble: () => undefined };
  return new FileStore(path, busyTimeout * 1000, warn);
}

function emitWarning({ code, message }: SqliteWarning): void {
  process.emitWarning(message, { code: `TOKENFLIGHT_SQLITE_${code.toUpperCase()}` });
}

class FileStore implements SqliteStore {
  readonly #path: string;
  /** Milliseconds. */
  readonly #busyTimeout: number;
  readonly #warn: (warning: SqliteWarning) => void;
  readonly #work = new OpenWork("SQLite");
  readonly #watchers: Watchers;
  readonly #holders: Holders;
  #database: Database | undefined;
  #trouble: Error | undefined;
  #warned = false;
  #tidying: NodeJS.Timeout | undefined;

  constructor(path: string, busyTimeout: number, warn: (warning: SqliteWarning) => void) {
    this.#path = path;
    this.#busyTimeout = busyTimeout;
    this.#warn = warn;
    this.#watchers = new Watchers(() => this.#openIfThere());
    this.#holders = new Holders(path);
  }

  read: TokenStore["read"] = (key, options) => this.#do((database) => database.read(key), signalOf(options));

  compareAndSet: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
    const notes = { ttl: ttlOf(options), mark: value === undefined ? undefined : ChangeListeners.markOf(options) };
    const version = await this.#do((database) => database.compareAndSet(key, expected, value, notes), signalOf(options));
    if (version !== undefined) {
      this.#tidyLater();
      this.#watchers.wrote(key, version, notes.mark);
    }
    return version;
  };

  watch(key: string, changed: () => void): () => void {
    return this.#work.hasEnded ? () => {} : this.#watchers.watch(key, changed);
  }

  watchAll(changed: ChangeListener): () => void {
    return this.#work.hasEnded ? () => {} : this.#watchers.watchAll(changed);
  }

  keepOpen(work: Promise<unknown>): void {
    this.#work.keepOpen(work);
  }

  holder(): Promise<string> {
    return this.#do(() => this.#holders.hold(), undefined);
  }

  isGone(holder: string): Promise<boolean> {
    return this.#do(() => this.#holders.isGone(holder), undefined);
  }

  trouble(): Error | undefined {
    return this.#trouble;
  }

  close(): Promise<void> {
    return this.#work.close(() => {
      this.#watchers.stop();
      clearTimeout(this.#tidying);
      this.#holders.release();
      this.#drop();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #do<Result>(work: (database: Database) => Result, signal: AbortSignal | undefined): Promise<Result> {
    try {
      return await retryWhileBusy(() => this.#try(work), this.#busyTimeout, signal);
    } catch (error) {
      if (signal?.aborted === true || error instanceof StoreError) throw error;
      // The next operation begins with a new connection: the trouble may be over by then.
      this.#drop();
      throw toStoreError(error, this.#path);
    }
  }

  #try<Result>(work: (database: Database) => Result): Result {
    try {
      const result = work(this.#open());
      this.#trouble = undefined;
      return result;
    } catch (error) {
      if (error instanceof Error) this.#trouble = error;
      throw error;
    }
  }

  #open(): Database {
    this.#work.requireOpen();
    if (this.#database?.isCurrent() === false) this.#drop();
    if (this.#database === undefined) {
      this.#database = new Database(this.#path);
      if (this.#database.groupMode !== undefined) this.#warnOfGroup(this.#database.groupMode);
    }
    return this.#database;
  }

  /** For whoever only looks, and makes no file for that. */
  #openIfThere(): Database | undefined {
    if (this.#database === undefined && statSync(this.#path, { throwIfNoEntry: false }) === undefined) return undefined;
    return this.#open();
  }

  #warnOfGroup(mode: string): void {
    if (this.#warned) return;
    this.#warned = true;
    try {
      this.#warn({ code: "group", message: `The users of its group may open ${this.#path}, which holds token sets (mode ${mode}).` });
    } catch {
      // Nobody wants to be warned.
    }
  }

  #drop(): void {
    try {
      this.#database?.close();
    } catch {
      // Nothing is under way on it, and what was acknowledged is on the disk.
    }
    this.#database = undefined;
  }

  #tidyLater(): void {
    if (this.#work.hasEnded) return;
    this.#tidying ??= setTimeout(() => this.#tidy(), logLifetime).unref();
  }

  #tidy(): void {
    this.#tidying = undefined;
    try {
      const database = this.#open();
      const isSwept = database.sweep();
      if (!database.emptyLog() || !isSwept) this.#tidyLater();
    } catch (error) {
      // The log is emptied after a later write, or when the last connection closes.
      if (isBusy(error)) this.#tidyLater();
    }
  }
}
