import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface OlderProcess extends Disposable {
  /** Creates or replaces an entry. Gives its version, as newer processes name it. */
  write(key: string, value: string): string;
  remove(key: string): string;
  versionOf(key: string): string;
}

/** What @tokenflight/sqlite 0.1 does with a file, statement by statement: it knows two tables. `busyTimeout`: milliseconds. */
export function olderProcess(path: string, busyTimeout = 5000): OlderProcess {
  const connection = new DatabaseSync(path);
  connection.exec(`
    PRAGMA busy_timeout = ${busyTimeout}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL;
    CREATE TABLE store (id TEXT NOT NULL, writes INTEGER NOT NULL) STRICT;
    CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
    INSERT INTO store VALUES (lower(hex(randomblob(8))), 0);
    PRAGMA application_id = ${0x546b_466c};
    PRAGMA user_version = 1;
  `);
  // Prepared once, before anybody has changed the schema.
  const count = connection.prepare("UPDATE store SET writes = writes + 1 RETURNING writes");
  const put = connection.prepare(
    "INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value",
  );
  const drop = connection.prepare("DELETE FROM entries WHERE key = ?");
  const version = connection.prepare("SELECT version FROM entries WHERE key = ?");
  const id = `${String(connection.prepare("SELECT id FROM store").get()?.["id"])}.${statSync(path).ino}`;
  const change = (work: (writes: number) => void): string => {
    connection.exec("BEGIN IMMEDIATE");
    const writes = count.get()?.["writes"] as number;
    work(writes);
    connection.exec("COMMIT");
    return `${id}-${writes}`;
  };
  return {
    write: (key, value) => change((writes) => void put.run(key, writes, value)),
    remove: (key) => change(() => void drop.run(key)),
    versionOf: (key) => `${id}-${String(version.get(key)?.["version"])}`,
    [Symbol.dispose]: () => connection.close(),
  };
}
