import { randomId, signalOf, StoreError, ttlOf, type StoredEntry, type TokenStore } from "@tokenflight/core";
import { toStoreError, type Database, type Row } from "./database.ts";

/** Where entries are. */
export type Place = Pick<TokenStore, "read" | "compareAndSet">;

/** Milliseconds between two looks for entries that are over. */
const sweepInterval = 60_000;

/** The entries of a database, each read and written in one transaction. Rejects with StoreError, and with the reason of a signal. */
export function tablesOf(database: Database): Place {
  let sweptAt = 0;

  const run: Database["run"] = (mode, signal, work) =>
    database.run(mode, signal, work).catch((error: unknown) => {
      throw signal?.aborted === true ? error : toStoreError(error, database.name);
    });

  /** Removes what is over, in the transaction of a write. */
  function sweep(rows: IDBObjectStore): void {
    const now = Date.now();
    if (Math.abs(now - sweptAt) < sweepInterval) return;
    sweptAt = now;
    const request = rows.index("end").openCursor(IDBKeyRange.upperBound(now));
    request.onsuccess = () => {
      request.result?.delete();
      request.result?.continue();
    };
  }

  return {
    async read(key, options) {
      const row = await run<Row>("readonly", signalOf(options), (rows, give) => {
        const request = rows.get(key);
        request.onsuccess = () => give(request.result);
      });
      return entryOf(row);
    },

    async compareAndSet(key, expected, value, options) {
      const version = randomId();
      const ttl = ttlOf(options);
      return run<string>("readwrite", signalOf(options), (rows, give) => {
        const request: IDBRequest<Row | undefined> = rows.get(key);
        request.onsuccess = () => {
          const { result } = request;
          if ((isOver(result) ? undefined : result?.version) !== expected) return;
          give(version);
          if (value === undefined) rows.delete(key);
          else rows.put({ key, version, value, ...(ttl !== undefined && { end: Date.now() + ttl }) });
          sweep(rows);
        };
      });
    },
  };
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
