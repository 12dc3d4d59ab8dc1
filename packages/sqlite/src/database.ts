import type { StoredEntry, Version } from "@tokenflight/core";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ensureFile, fileIdentity } from "./database-file.ts";
import { prepareFile } from "./schema.ts";
import { transaction } from "./transaction.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One connection. Everything here is synchronous and short, takes no longer than the disk does, and throws SQLite's own errors, among
 * them "busy" at once when another connection is writing.
 */
export class Database {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #file: string | undefined;
  readonly #id: string;
  readonly #select: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #count: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #changes: StatementSync;

  constructor(path: string) {
    this.#path = path;
    ensureFile(path);
    this.#file = fileIdentity(path);
    this.#connection = new DatabaseSync(path);
    const prepare = (sql: string): StatementSync => this.#connection.prepare(sql);
    try {
      prepareFile(this.#connection, path);
      this.#id = String(prepare("SELECT id FROM store").get()?.["id"]);
      // The value is read as bytes, because Node 22 cuts a text that it reads at the first NUL.
      this.#select = prepare("SELECT version, CAST(value AS BLOB) AS value FROM entries WHERE key = ?");
      this.#selectVersion = prepare("SELECT version FROM entries WHERE key = ?");
      this.#count = prepare("UPDATE store SET writes = writes + 1 RETURNING writes");
      this.#put = prepare(
        "INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value",
      );
      this.#delete = prepare("DELETE FROM entries WHERE key = ?");
      this.#changes = prepare("PRAGMA data_version");
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  /** False when the file was removed or replaced since: what this connection reads and writes then, nobody else sees. */
  isCurrent(): boolean {
    return this.#file === fileIdentity(this.#path);
  }

  read(key: string): StoredEntry | undefined {
    const row = this.#select.get(key);
    return row === undefined ? undefined : { version: this.#version(row["version"]), value: decoder.decode(row["value"] as Uint8Array) };
  }

  compareAndSet(key: string, expected: Version | undefined, value: string | undefined): Version | undefined {
    const current = (): Version | undefined => {
      const row = this.#selectVersion.get(key);
      return row === undefined ? undefined : this.#version(row["version"]);
    };
    // A writer that has lost already need not wait for the lock.
    if (current() !== expected) return undefined;
    return transaction(this.#connection, () => {
      if (current() !== expected) return undefined;
      const writes = this.#count.get()?.["writes"] as number;
      if (value === undefined) this.#delete.run(key);
      else this.#put.run(key, writes, value);
      return this.#version(writes);
    });
  }

  /** Gives another text after each commit of another connection, in whichever thread or process of this machine. Costs microseconds. */
  changes(): string {
    return `${this.#file} ${String(this.#changes.get()?.["data_version"])}`;
  }

  /** Writes the log into the database and empties it, where it may still show values that were replaced. False while others use it. */
  emptyLog(): boolean {
    return this.#connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
  }

  close(): void {
    this.#connection.close();
  }

  #version(writes: unknown): Version {
    return `${this.#id}-${String(writes)}`;
  }
}
