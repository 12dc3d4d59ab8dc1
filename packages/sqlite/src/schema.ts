import { StoreError } from "@tokenflight/core";
import type { DatabaseSync } from "node:sqlite";
import { isReadOnly } from "./sqlite-error.ts";
import { transaction } from "./transaction.ts";

/** Says in the file's header whose it is: "TkFl". */
const applicationId = 0x546b_466c;
const schemaVersion = 1;

/**
 * `store` has one row: a random name, so that versions of another file at the same path mean nothing here, and the number of writes, so that
 * no version is ever given twice. A backup in the place of its file would give some twice: a version says which file it is as well.
 */
const schema = `
  CREATE TABLE store (id TEXT NOT NULL, writes INTEGER NOT NULL) STRICT;
  CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
  INSERT INTO store VALUES (lower(hex(randomblob(8))), 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * What came later. Processes that do not know of it use the same file: they write entries and leave the rest alone, so an expiry counts only for
 * the version that it was written with, and so does a mark. A deletion is noted by the file itself, whoever deletes. Marks are of use for a moment only:
 * they have a fixed number of slots, which are used in turn, so that none is left behind.
 */
const additions: Readonly<Record<string, string>> = {
  entries_by_version: "CREATE INDEX entries_by_version ON entries (version)",
  expiries: `CREATE TABLE expiries (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT`,
  expiries_by_end: "CREATE INDEX expiries_by_end ON expiries (expires_at)",
  deletions: "CREATE TABLE deletions (version INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (version, key)) STRICT, WITHOUT ROWID",
  entries_deleted: `CREATE TRIGGER entries_deleted AFTER DELETE ON entries BEGIN
    INSERT OR REPLACE INTO deletions VALUES ((SELECT writes FROM store), old.key); END`,
  marks: "CREATE TABLE marks (slot INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, mark TEXT NOT NULL) STRICT",
};

/**
 * Makes the connection durable and the file ours. Nothing is changed in a file that is somebody else's, or of a newer version of this
 * package: both throw a StoreError. Throws SQLite's busy error while another connection is at it. Returns whether the additions are there, which
 * they are not in a file of an older version that may only be read.
 */
export function prepareFile(database: DatabaseSync, path: string): boolean {
  // SQLite never waits for a lock: that would block the event loop. The caller tries again.
  database.exec("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
  // Another process may make the tables at this moment: what is read belongs to one moment.
  const wasReady = transaction(database, () => isReady(database, path), "read");
  if (!wasReady || !isWal(pragma(database, "journal_mode"))) {
    if (!isWal(pragma(database, "journal_mode = WAL"))) {
      throw new StoreError(
        "ERR_STORE_UNAVAILABLE",
        `${path} has to be on a local file system: SQLite's write-ahead log does not work there.`,
      );
    }
    transaction(database, () => {
      if (isReady(database, path)) return;
      database.exec(schema);
      for (const sql of missingAdditions(database)) database.exec(sql);
    });
  }
  return addAdditions(database);
}

function addAdditions(database: DatabaseSync): boolean {
  if (missingAdditions(database).length === 0) return true;
  try {
    transaction(database, () => {
      for (const sql of missingAdditions(database)) database.exec(sql);
    });
    return true;
  } catch (error) {
    if (isReadOnly(error)) return false;
    throw error;
  }
}

function missingAdditions(database: DatabaseSync): string[] {
  const there = new Set(
    database
      .prepare("SELECT name FROM sqlite_schema")
      .all()
      .map(({ name }) => name),
  );
  return Object.entries(additions)
    .filter(([name]) => !there.has(name))
    .map(([, sql]) => sql);
}

/** Whether the tables are there. False for an empty file. Reads more than once, and so needs a transaction. */
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
