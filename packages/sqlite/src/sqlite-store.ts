import { InvalidOptionError, kindOf, readOptions, StoreError, type TokenStore } from "@tokenflight/core";
import { resolve } from "node:path";
import { Database } from "./database.ts";
import { retryWhileBusy } from "./retry-while-busy.ts";
import { isBusy, toStoreError } from "./sqlite-error.ts";
import { Watchers } from "./watchers.ts";

export interface SqliteStoreOptions {
  /** The database file, on a local file system. It is created with mode 0600, and folders that are missing with mode 0700. */
  path: string;
  /** Seconds that an operation waits for its turn while other connections write. Default 5; a token cache gives up sooner. */
  busyTimeout?: number | undefined;
}

/** A token store in one file. */
export interface SqliteStore extends TokenStore {
  watch(key: string, changed: () => void): () => void;
  /** Closes the database. What was acknowledged is in the file. Operations that come later reject with StoreError. */
  close(): Promise<void>;
}

/** Milliseconds after a write until the log is emptied, where replaced values may still be read. */
const logLifetime = 1000;

/**
 * Shares token sets between the processes and worker threads of one machine, through one SQLite file.
 *
 * A write has reached the disk when it is acknowledged. SQLite works synchronously: an operation blocks the event loop for as long as the
 * disk takes, and never for the sake of a lock. Throws InvalidOptionError, and StoreError when the file cannot be opened, is damaged,
 * is another program's, or was written by a newer version.
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path: given, busyTimeout = 5 } = readOptions("sqliteStore", options, ["path", "busyTimeout"]);
  if (typeof given !== "string" || given === "" || /^(?::memory:$|file:)/.test(given)) {
    throw new InvalidOptionError("path", "the path of a file", typeof given === "string" && given !== "" ? `"${given}"` : kindOf(given));
  }
  if (typeof busyTimeout !== "number" || !(busyTimeout >= 0 && Number.isFinite(busyTimeout))) {
    throw new InvalidOptionError("busyTimeout", "a number of seconds, zero or more", kindOf(busyTimeout));
  }
  return new FileStore(resolve(given), busyTimeout * 1000);
}

class FileStore implements SqliteStore {
  readonly #path: string;
  /** Milliseconds. */
  readonly #busyTimeout: number;
  readonly #watchers = new Watchers(() => this.#open().changes());
  #database: Database | undefined;
  #closed = false;
  #tidying: NodeJS.Timeout | undefined;

  constructor(path: string, busyTimeout: number) {
    this.#path = path;
    this.#busyTimeout = busyTimeout;
    try {
      this.#open();
    } catch (error) {
      // The first operation opens it then.
      if (!isBusy(error)) throw toStoreError(error, path);
    }
  }

  read: TokenStore["read"] = (key, options) => this.#do((database) => database.read(key), options?.signal);

  compareAndSet: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
    const version = await this.#do((database) => database.compareAndSet(key, expected, value), options?.signal);
    if (version !== undefined) {
      this.#tidyLater();
      this.#watchers.wrote(key);
    }
    return version;
  };

  watch(key: string, changed: () => void): () => void {
    return this.#closed ? () => {} : this.#watchers.add(key, changed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.stop();
    clearTimeout(this.#tidying);
    this.#drop();
  }

  async #do<Result>(work: (database: Database) => Result, signal: AbortSignal | undefined): Promise<Result> {
    try {
      return await retryWhileBusy(() => work(this.#open()), this.#busyTimeout, signal);
    } catch (error) {
      if (signal?.aborted === true || error instanceof StoreError) throw error;
      // The next operation begins with a new connection: the trouble may be over by then.
      this.#drop();
      throw toStoreError(error, this.#path);
    }
  }

  #open(): Database {
    if (this.#closed) throw new StoreError("ERR_STORE_UNAVAILABLE", "The SQLite store is closed.");
    if (this.#database?.isCurrent() === false) this.#drop();
    return (this.#database ??= new Database(this.#path));
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
    this.#tidying ??= setTimeout(() => this.#tidy(), logLifetime).unref();
  }

  #tidy(): void {
    this.#tidying = undefined;
    try {
      if (!this.#open().emptyLog()) this.#tidyLater();
    } catch {
      // It is emptied after a later write, or when the last connection closes.
    }
  }
}
