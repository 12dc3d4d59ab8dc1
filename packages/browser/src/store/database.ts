import { reasonOf, StoreError, waitFor } from "@tokenflight/core";

/** One entry as it stands in the database. */
export interface Row {
  readonly key: string;
  readonly version: string;
  readonly value: string;
  /** When it may be removed, in milliseconds since the UNIX epoch. */
  readonly end?: number;
}

const entries = "entries";

/** An IndexedDB database that is opened when it is needed, and opened again after its connection was lost. */
export class Database {
  readonly name: string;
  readonly #lost: () => void;
  #connection: Promise<IDBDatabase> | undefined;

  /** `lost` is called when a connection was lost: what happens meanwhile, nobody hears of. */
  constructor(name: string, lost: () => void) {
    this.name = name;
    this.#lost = lost;
  }

  /** Rejects with what IndexedDB says. */
  open(): Promise<IDBDatabase> {
    if (this.#connection === undefined) {
      const opening = this.#open();
      this.#connection = opening;
      opening.catch(() => this.#drop(opening));
    }
    return this.#connection;
  }

  /** The next transaction opens a connection of its own. */
  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.then(
      (database) => database.close(),
      () => {},
    );
  }

  /**
   * Runs one transaction. `work` may call `give` with what the promise resolves to, once the transaction is complete: written to the disk, if it has
   * written. Rejects with what IndexedDB says, and with the reason of the signal, when the transaction is taken back if it still can be.
   */
  async run<Result>(
    mode: IDBTransactionMode,
    signal: AbortSignal | undefined,
    work: (rows: IDBObjectStore, give: (result: Result) => void) => void,
  ): Promise<Result | undefined> {
    for (let isLast = false; ; isLast = true) {
      const connection = this.open();
      const database = await waitFor(connection, signal);
      let transaction: IDBTransaction;
      try {
        transaction = database.transaction(entries, mode, { durability: "strict" });
      } catch (error) {
        // It was closed without a word, as browsers do to pages in the background. Nothing has been done yet.
        this.#drop(connection);
        if (isLast) throw error;
        continue;
      }
      try {
        return await complete(transaction, signal, work);
      } catch (error) {
        // The next one begins with a new connection: some browsers never mend one that has failed. Of one that only was too slow nothing was missed.
        if (signal?.aborted !== true) this.#drop(connection);
        else if (this.#connection === connection) this.close();
        throw error;
      }
    }
  }

  async #open(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(entries, { keyPath: "key" }).createIndex("end", "end");
    };
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const connection = this.#connection;
    // Somebody removes the database, or a later version of this package changes it.
    database.onversionchange = () => this.#drop(connection);
    database.onclose = () => this.#drop(connection);
    return database;
  }

  #drop(connection: Promise<IDBDatabase> | undefined): void {
    if (connection === undefined || this.#connection !== connection) return;
    this.close();
    this.#lost();
  }
}

function complete<Result>(
  transaction: IDBTransaction,
  signal: AbortSignal | undefined,
  work: (rows: IDBObjectStore, give: (result: Result) => void) => void,
): Promise<Result | undefined> {
  let result: Result | undefined;
  const abort = (): void => {
    try {
      transaction.abort();
    } catch {
      // It was complete already.
    }
  };
  const done = new Promise<Result | undefined>((resolve, reject) => {
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error ?? (signal && reasonOf(signal)));
    work(transaction.objectStore(entries), (given) => (result = given));
  });
  signal?.addEventListener("abort", abort);
  return waitFor(done, signal).finally(() => signal?.removeEventListener("abort", abort));
}

/** Whether a database of this name is there, and is none of ours. */
export function isForeign(error: unknown): boolean {
  return error instanceof DOMException && (error.name === "VersionError" || error.name === "NotFoundError");
}

/** Whether it is there in so many milliseconds. Rejects with what it rejects with. */
export function isWithin(opening: Promise<unknown>, longest: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slow = new Promise<false>((resolve) => (timer = setTimeout(resolve, longest, false)));
  return Promise.race([opening.then(() => true), slow]).finally(() => clearTimeout(timer));
}

export function toStoreError(error: unknown, name: string): StoreError {
  if (error instanceof StoreError) return error;
  const what = isForeign(error)
    ? `The IndexedDB database "${name}" is another program's, or a newer version's of this one.`
    : `The IndexedDB database "${name}" failed; its error is the cause.`;
  return new StoreError("ERR_STORE_UNAVAILABLE", what, { cause: error });
}
