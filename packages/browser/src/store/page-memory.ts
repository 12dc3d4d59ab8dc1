import { memoryStore, type TokenStore, type Version, type WriteOptions } from "@tokenflight/core";
import type { IndexedDbWarning } from "./indexed-db-store.ts";
import type { Place } from "./tables.ts";

/** Attempts to write a login into a database that has opened late. */
const mostMoves = 3;
/** Milliseconds that one of them takes, while all operations wait. */
const longestMove = 1000;

export interface MissingDatabase {
  readonly name: string;
  /** It may still open. */
  readonly opening: Promise<unknown>;
  /** Why it is given up; undefined where it has not opened in time. */
  readonly failure: unknown;
  readonly tables: Place;
  readonly warn: (warning: IndexedDbWarning) => void;
  /** The database has opened late: it is the place once `move` has resolved, as it does in any case. Throws StoreError, ERR_CLOSED, after the store's end. */
  readonly opened: (move: () => Promise<unknown>) => void;
}

/** The entries of a page whose database is given up. */
export class PageMemory implements Place {
  readonly #tables: Place;
  readonly #store = memoryStore();
  readonly #written = new Map<string, WriteOptions | undefined>();

  constructor({ name, opening, failure, tables, warn, opened }: MissingDatabase) {
    this.#tables = tables;
    const message = `The IndexedDB database "${name}" cannot be used: this page shares no login with others, and loses it with a reload.`;
    warn({ code: "memory", message, cause: failure ?? new Error("It does not open.") });
    opening.then(() => opened(() => this.#move())).catch(() => {});
  }

  read(key: string): ReturnType<TokenStore["read"]> {
    return this.#store.read(key);
  }

  async compareAndSet(...[key, expected, value, options]: Parameters<TokenStore["compareAndSet"]>): Promise<Version | undefined> {
    const version = await this.#store.compareAndSet(key, expected, value, options);
    if (version !== undefined) this.#written.set(key, options);
    return version;
  }

  /** This page's logins, which are newer, replace what stands in the database. */
  async #move(): Promise<void> {
    await Promise.all(Array.from(this.#written, ([key, options]) => this.#moveEntry(key, options?.ttl)));
  }

  async #moveEntry(key: string, ttl: number | undefined): Promise<void> {
    const tables = this.#tables;
    const entry = await this.#store.read(key);
    for (let left = mostMoves; left > 0; left -= 1) {
      const leave = new AbortController();
      setTimeout(() => leave.abort(), longestMove);
      try {
        const { signal } = leave;
        const found = await tables.read(key, { signal });
        if ((await tables.compareAndSet(key, found?.version, entry?.value, { ttl, signal })) !== undefined) return;
        // Another tab, which knows of no such login, has written meanwhile.
      } catch {
        // The next attempt has another connection.
      }
    }
  }
}
