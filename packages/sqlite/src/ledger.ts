import { ChangeListeners } from "@tokenflight/core";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { transaction } from "./transaction.ts";

interface Written {
  readonly key: string;
  /** The number of the write. */
  readonly write: number;
  readonly mark: string | undefined;
}

/** Entries that are removed at once, so that the event loop goes on. */
const atOnce = 200;
/** Writes that a look goes through one by one; after more of them, anything may have changed. */
const longestLook = 1000;
/** Deletions are remembered for so many writes, which is longer than a look reaches back. */
const deletionsKept = 10_000;
/** Slots of marks, for more writes than a look goes through. */
const slots = 1024;

/** The additions to the schema: which entries end, and which have changed, with what mark. */
export class Ledger {
  readonly #connection: DatabaseSync;
  readonly #writes: StatementSync;
  readonly #changes: StatementSync;
  readonly #putMark: StatementSync;
  readonly #putEnd: StatementSync;
  readonly #dropEnd: StatementSync;
  readonly #over: StatementSync;
  readonly #removeEntry: StatementSync;
  readonly #dropEndOf: StatementSync;
  readonly #oldDeletion: StatementSync;
  readonly #dropDeletions: StatementSync;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.#writes = connection.prepare("SELECT writes FROM store");
    this.#changes = connection.prepare(`
      SELECT key, entries.version, mark FROM entries
        LEFT JOIN marks ON slot = entries.version % ${slots} AND marks.version = entries.version WHERE entries.version > ?1
      UNION ALL SELECT key, version, NULL FROM deletions WHERE version > ?1 ORDER BY 2`);
    this.#putMark = connection.prepare(`INSERT OR REPLACE INTO marks VALUES (?1 % ${slots}, ?1, ?2)`);
    this.#putEnd = connection.prepare("INSERT OR REPLACE INTO expiries VALUES (?, ?, ?)");
    this.#dropEnd = connection.prepare("DELETE FROM expiries WHERE key = ?");
    this.#over = connection.prepare("SELECT key, version FROM expiries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?");
    this.#removeEntry = connection.prepare("DELETE FROM entries WHERE key = ? AND version = ?");
    this.#dropEndOf = connection.prepare("DELETE FROM expiries WHERE key = ? AND version = ?");
    this.#oldDeletion = connection.prepare("SELECT 1 FROM deletions WHERE version <= ? LIMIT 1");
    this.#dropDeletions = connection.prepare("DELETE FROM deletions WHERE version <= ?");
  }

  writes(): number {
    return this.#writes.get()?.["writes"] as number;
  }

  /** Undefined when there are too many to go through, and when the file was turned back to what it was. The last change of each key comes last. */
  changesSince(before: number, writes: number): Written[] | undefined {
    if (writes < before || writes - before > longestLook) return undefined;
    return this.#changes
      .all(before)
      .map(({ key, version, mark }) => ({ key: key as string, write: version as number, mark: readMark(mark as string | null) }));
  }

  /** Within the transaction that writes the entry. As JSON every text survives. */
  noteMark(write: number, mark: string): void {
    this.#putMark.run(write, JSON.stringify(mark));
  }

  /** Within the transaction that writes the entry: when it ends, or that it stays. */
  noteEnd(key: string, write: number, end: number | undefined): void {
    if (end === undefined) this.#dropEnd.run(key);
    else this.#putEnd.run(key, write, end);
  }

  /** Removes entries whose end has passed, unless they were written again since. False when there are more. */
  sweep(now: number): boolean {
    const oldest = this.writes() - deletionsKept;
    const over = this.#over.all(now, atOnce);
    if (over.length === 0 && this.#oldDeletion.get(oldest) === undefined) return true;
    transaction(this.#connection, () => {
      this.#dropDeletions.run(oldest);
      for (const { key, version } of over) {
        this.#removeEntry.run(key as string, version as number);
        this.#dropEndOf.run(key as string, version as number);
      }
    });
    return over.length < atOnce;
  }
}

/** What others have put there may be no mark. */
function readMark(text: string | null): string | undefined {
  if (text === null) return undefined;
  try {
    return ChangeListeners.markOf({ mark: JSON.parse(text) as string });
  } catch {
    return undefined;
  }
}
