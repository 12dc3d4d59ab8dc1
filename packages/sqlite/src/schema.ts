import { StoreError } from "@tokenflight/core";
import type { DatabaseSync } from "node:sqlite";
import { transaction } from "./transaction.ts";

/** Says in the file's header whose it is: "TkFl". */
const applicationId = 0x546b_466c;
const schemaVersion = 1;

/**
 * `store` has one row: a random name, so that versions of another file at the same path mean nothing here, and the number of writes, so that
 * no version is ever given twice.
 */
const schema = `
  CREATE TABLE store (id TEXT NOT NULL, writes INTEGER NOT NULL) STRICT;
  CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
  INSERT INTO store VALUES (lower(hex(randomblob(8))), 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Makes the connection durable and the file ours. Nothing is changed in a file that is somebody else's, or of a newer version of this
 * package: both throw a StoreError. Throws SQLite's busy error while another connection is at it.
 */
export function prepareFile(database: DatabaseSync, path: string): void {
  // SQLite never waits for a lock: that would block the event loop. The caller tries again.
  database.exec("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  if (isReady(database, path) && isWal(pragma(database, "journal_mode"))) return;
  if (!isWal(pragma(database, "journal_mode = WAL"))) {
    throw new StoreError(
      "ERR_STORE_UNAVAILABLE",
      `${path} has to be on a local file system: SQLite's write-ahead log does not work there.`,
    );
  }
  transaction(database, () => {
    if (!isReady(database, path)) database.exec(schema);
  });
}

/** Whether the tables are there. False for an empty file. */
function isReady(database: DatabaseSync, path: string): boolean {
  const owner = pragma(database, "application_id");
  const version = Number(pragma(database, "user_version"));
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.["tables"];
  if (owner === 0 && version === 0 && tables === 0) return false;
  if (owner !== applicationId) {
    throw new StoreError("ERR_STORE_RECORD_INVALID", `${path} is another program's SQLite database. It was left as it is.`);
  }
  if (version !== schemaVersion) {
    const told = `${path} has schema version ${version}; this @tokenflight/sqlite knows ${schemaVersion}. It was left as it is.`;
    throw new StoreError("ERR_STORE_RECORD_INVALID", told);
  }
  return true;
}

function isWal(mode: unknown): boolean {
  return mode === "wal";
}

function pragma(database: DatabaseSync, statement: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${statement}`).get() ?? {})[0];
}
