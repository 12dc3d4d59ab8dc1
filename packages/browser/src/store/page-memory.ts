import { memoryStore, StoreError, type TokenStore, type Version, type WriteOptions } from "@tokenflight/core";

/** Where entries are. */
export type Place = Pick<TokenStore, "read" | "compareAndSet">;

/** Stands for whatever the database holds. No version of an entry looks like it. */
const unread = "unread";

/** The entries of a page whose database is not there, or not yet. */
export class PageMemory implements Place {
  /** The database is given up: what is not here is nowhere. */
  isAll: boolean;
  readonly #store = memoryStore();
  readonly #written = new Map<string, WriteOptions | undefined>();

  constructor(isAll: boolean) {
    this.isAll = isAll;
  }

  async read(key: string): ReturnType<TokenStore["read"]> {
    this.#requireKnown(key);
    return this.#store.read(key);
  }

  async compareAndSet(...[key, expected, value, options]: Parameters<TokenStore["compareAndSet"]>): Promise<Version | undefined> {
    const isUnread = expected === unread && !this.#written.has(key);
    if (!isUnread) this.#requireKnown(key);
    const version = await this.#store.compareAndSet(key, isUnread ? undefined : expected, value, options);
    if (version !== undefined) this.#written.set(key, options);
    return version;
  }

  /**
   * While the database may open still, nobody knows of an entry that is not here: a login of all tabs is not over because of that. Who replaces whatever is
   * there, as a login does, may. Throws StoreError.
   */
  #requireKnown(key: string): void {
    if (this.isAll || this.#written.has(key)) return;
    throw new StoreError("ERR_STORE_UNAVAILABLE", "The IndexedDB database has not opened yet.", { version: unread });
  }

  /** The database has opened late: this page's logins, which are newer, replace what stands there. */
  async moveTo(tables: Place, wrote: (key: string, version: Version) => void): Promise<void> {
    for (const [key, options] of this.#written) {
      const [entry, found] = await Promise.all([this.#store.read(key), tables.read(key)]);
      const version = await tables.compareAndSet(key, found?.version, entry?.value, { ttl: options?.ttl });
      if (version !== undefined) wrote(key, version);
    }
  }
}
