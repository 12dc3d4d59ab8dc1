import { memoryStore, StoreError, type TokenStore, type Version, type WriteOptions } from "@tokenflight/core";
import { isWithin } from "./database.ts";
import type { IndexedDbWarning } from "./indexed-db-store.ts";
import type { Place } from "./tables.ts";

/** Milliseconds after which a page gives up a database that has not opened. Slow machines need some seconds. */
const longestHang = 3000;

/** Attempts to write a login into a database that has opened late. */
const mostMoves = 3;
/** Milliseconds that one of them takes, while all operations wait. */
const longestMove = 1000;

/** Stands for whatever the database holds. No version of an entry looks like it. */
const unread = "unread";

export interface MissingDatabase {
  readonly name: string;
  readonly opening: Promise<unknown>;
  /** Why it does not open; undefined while it may open still. */
  readonly failure: unknown;
  readonly tables: Place;
  readonly warn: (warning: IndexedDbWarning) => void;
  /** The database has opened late: it is the place once this promise has settled. */
  readonly opened: (moved: Promise<unknown>) => void;
}

/** The entries of a page whose database is not there, or not yet. */
export class PageMemory implements Place {
  readonly #database: MissingDatabase;
  readonly #store = memoryStore();
  readonly #written = new Map<string, WriteOptions | undefined>();
  /** The database is given up: what is not here is nowhere. */
  #isAll = false;

  constructor(database: MissingDatabase) {
    this.#database = database;
    if (database.failure === undefined) void this.#await();
    else this.#giveUp(database.failure);
  }

  async read(key: string): ReturnType<TokenStore["read"]> {
    await this.#requireKnown(key);
    return this.#store.read(key);
  }

  async compareAndSet(...[key, expected, value, options]: Parameters<TokenStore["compareAndSet"]>): Promise<Version | undefined> {
    const isUnread = expected === unread && !this.#written.has(key);
    if (!isUnread) await this.#requireKnown(key);
    const version = await this.#store.compareAndSet(key, isUnread ? undefined : expected, value, options);
    if (version !== undefined) this.#written.set(key, options);
    return version;
  }

  /**
   * While the database may open still, nobody knows of an entry that is not here: a login of all tabs is not over because of that. Who replaces whatever is
   * there, as a login does, may. Rejects with StoreError.
   */
  async #requireKnown(key: string): Promise<void> {
    if (this.#isAll || this.#written.has(key)) return;
    // Nothing else of the page runs while promises settle, the database's answer included: who asks again at once would keep it from opening.
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    throw new StoreError("ERR_STORE_UNAVAILABLE", "The IndexedDB database has not opened yet.", { version: unread });
  }

  #giveUp(cause: unknown): void {
    this.#isAll = true;
    const { name, warn } = this.#database;
    const message = `The IndexedDB database "${name}" cannot be used: this page shares no login with others, and loses it with a reload.`;
    warn({ code: "memory", message, cause });
  }

  /** The database takes its time. */
  async #await(): Promise<void> {
    const { opening, opened } = this.#database;
    try {
      if (!(await isWithin(opening, longestHang))) this.#giveUp(new Error("It does not open."));
      await opening;
    } catch (error) {
      if (!this.#isAll) this.#giveUp(error);
      return;
    }
    opened(this.#move());
  }

  /** This page's logins, which are newer, replace what stands in the database. */
  async #move(): Promise<void> {
    await Promise.all(Array.from(this.#written, ([key, options]) => this.#moveEntry(key, options?.ttl)));
  }

  async #moveEntry(key: string, ttl: number | undefined): Promise<void> {
    const { tables } = this.#database;
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
