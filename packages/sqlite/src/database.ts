import { systemClock, type StoredEntry, type Version } from "@tokenflight/core";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ensureFile, fileIdentity, inodeOf, makePrivate, refuseUnsafeFile } from "./database-file.ts";
import { Ledger } from "./ledger.ts";
import { prepareFile } from "./schema.ts";
import { transaction } from "./transaction.ts";

/** An entry that was written or deleted, and by which write. */
export interface Change {
  readonly key: string;
  readonly version: Version;
  readonly mark: string | undefined;
}

/** What is noted beside an entry. */
export interface Notes {
  /** Milliseconds; undefined for an entry that stays. */
  readonly ttl: number | undefined;
  readonly mark: string | undefined;
}

/** How far the changes of a file were seen. */
export interface Seen {
  /** Tells files apart that had the same path one after the other. */
  readonly file: string;
  /** Another text after each commit of another connection, in whichever thread or process of this machine. */
  readonly state: string;
  /** The number of writes so far. */
  readonly writes: number;
}

/** Opened so far by this thread. */
let connections = 0;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One connection. Everything here is synchronous and short, takes no longer than the disk does, and throws SQLite's own errors, among
 * them "busy" at once when another connection is writing.
 */
export class Database {
  /** The mode of the file, as text, when its group may open it. */
  readonly groupMode: string | undefined;
  readonly #number: number;
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #file: string | undefined;
  /** What all versions in this file begin with. */
  readonly #id: string;
  readonly #select: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #count: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #state: StatementSync;
  readonly #ledger: Ledger | undefined;

  constructor(path: string) {
    connections += 1;
    this.#number = connections;
    this.#path = path;
    ensureFile(path);
    refuseUnsafeFile(path);
    this.#file = fileIdentity(path);
    this.#connection = new DatabaseSync(path);
    const prepare = (sql: string): StatementSync => this.#connection.prepare(sql);
    try {
      const hasAdditions = prepareFile(this.#connection, path);
      this.groupMode = makePrivate(path);
      // A backup has the random name of the file that it was made of, and counts on from where that was: its versions are others.
      this.#id = `${String(prepare("SELECT id FROM store").get()?.["id"])}.${inodeOf(this.#file)}`;
      // The value is read as bytes, because Node 22 cuts a text that it reads at the first NUL.
      this.#select = prepare("SELECT version, CAST(value AS BLOB) AS value FROM entries WHERE key = ?");
      this.#selectVersion = prepare("SELECT version FROM entries WHERE key = ?");
      this.#count = prepare("UPDATE store SET writes = writes + 1 RETURNING writes");
      this.#put = prepare(
        "INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value",
      );
      this.#delete = prepare("DELETE FROM entries WHERE key = ?");
      this.#state = prepare("PRAGMA data_version");
      this.#ledger = hasAdditions ? new Ledger(this.#connection) : undefined;
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

  compareAndSet(key: string, expected: Version | undefined, value: string | undefined, { ttl, mark }: Notes): Version | undefined {
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
      this.#ledger?.noteEnd(key, writes, value === undefined || ttl === undefined ? undefined : Math.ceil(systemClock.now() + ttl));
      if (value !== undefined && mark !== undefined) this.#ledger?.noteMark(writes, mark);
      return this.#version(writes);
    });
  }

  /** Costs microseconds. Two connections never have the same state. */
  state(): string {
    return `${this.#number} ${String(this.#state.get()?.["data_version"])}`;
  }

  /** How far one has seen who looks now, and what has changed since an earlier look: undefined when any entry may have. */
  look(before: Seen | "no file" | undefined): { seen: Seen; changes: Change[] | undefined } {
    const seen = { file: `${this.#file} ${this.#id}`, state: this.state(), writes: this.#ledger?.writes() ?? 0 };
    const from = before === "no file" ? 0 : before?.file === seen.file ? before.writes : undefined;
    const written = from === undefined ? undefined : this.#ledger?.changesSince(from, seen.writes);
    const writes = Math.max(seen.writes, written?.at(-1)?.write ?? 0);
    const changes = written?.map(({ key, write, mark }) => ({ key, version: this.#version(write), mark }));
    return { seen: { ...seen, writes }, changes };
  }

  /** Removes what is over, as much as is quick. False when there is more. */
  sweep(): boolean {
    return this.#ledger?.sweep(systemClock.now()) ?? true;
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
