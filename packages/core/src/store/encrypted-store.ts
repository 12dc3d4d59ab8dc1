import type { StoreError } from "../errors/refresh-errors.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { keyringOf, type EncryptionKey } from "./encryption-keys.ts";
import { NewestSeen, type Known } from "./newest-seen.ts";
import { disposeNames } from "../platform/disposal.ts";
import { ownOption } from "../platform/own.ts";
import { readOptions, requireMethods, requireOneOf, requireWebCrypto } from "../options.ts";
import { newLineage, seal, unseal, type Stamp, type Unsealed } from "./sealed-value.ts";
import type { StoredEntry, TokenStore, Version } from "./store.ts";

export type { EncryptionKey } from "./encryption-keys.ts";

/** The options of `encryptedStore`. */
export interface EncryptedStoreOptions {
  /**
   * The first one encrypts, all of them decrypt. To change the key, give all processes the new one as the last first, then as the first, and
   * leave the old one out when every entry has been written since: each refresh writes.
   */
  keys: readonly EncryptionKey[];
  /**
   * What becomes of an entry that is older than one this process has seen. "refuse" is the default. "accept" is for a store that may lose
   * acknowledged writes, such as Redis after a failover: a process would otherwise refuse its older entries until it is started again.
   */
  rollback?: "refuse" | "accept" | undefined;
}

/** It has those of the optional methods that the store beneath has. */
export type EncryptedStore<Store extends TokenStore> = TokenStore & Pick<Store, keyof Store & OptionalMethod>;

/** The methods that a store may lack. */
type OptionalMethod = Exclude<keyof TokenStore, "read" | "compareAndSet" | "operationTimeout">;

const passedOn: readonly OptionalMethod[] = ["watch", "watchAll", "keepOpen", "holder", "isGone", "trouble", "close", ...disposeNames];

/**
 * Encrypts the values of another store with AES-256-GCM. Keys of entries, which are hashes, marks, the times of writes and sizes stay visible.
 *
 * Each value is bound to its entry's key and to a count of the entry's writes, because the store's own version is known only after the write. An entry that
 * was changed, cut, swapped with another one, never encrypted or encrypted with an unknown key is refused with a StoreError, ERR_STORE_RECORD_INVALID; so is
 * one that was rolled back, as far as this process can know: it remembers the newest write that it has seen of each of the 10,000 entries it used last.
 * Whoever can write to the store can still delete an entry, and can show a process that has just started an old one. A refused entry is replaced or deleted
 * by its version, which the error has: it begins anew then.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const key = Buffer.from(process.env.TOKEN_KEY ?? "", "base64"); // 32 random bytes
 * const store = encryptedStore(sqliteStore({ path: "tokens.db" }), { keys: [{ id: "2026", key }] });
 * ```
 */
export function encryptedStore<Store extends TokenStore>(store: Store, options: EncryptedStoreOptions): EncryptedStore<Store> {
  requireMethods("store", store, ["read", "compareAndSet"]);
  requireWebCrypto("encryptedStore");
  const { keys, rollback = "refuse" } = readOptions("encryptedStore", options, ["keys", "rollback"]);
  requireOneOf("rollback", rollback, ["refuse", "accept"]);
  const keyring = keyringOf(keys);
  const seen = new NewestSeen();

  async function open(key: string, before: Known, entry: StoredEntry): Promise<Unsealed> {
    const opened = await unseal(keyring, key, entry);
    if (rollback === "refuse") seen.check(before, opened.stamp, entry.version);
    seen.saw(key, before, opened.stamp, entry.version);
    return opened;
  }

  /** The write that gave this version. One that cannot be known, as the entry is refused, begins anew. Undefined when the entry has another version now. */
  async function replaceable(
    key: string,
    version: Version,
    signal: AbortSignal | undefined,
  ): Promise<Pick<Stamp, "lineage" | "count"> | undefined> {
    const before = seen.of(key);
    if (before.newest !== undefined && before.version === version) return before.newest;
    try {
      const entry = await store.read(key, { signal });
      return entry?.version === version ? (await open(key, before, entry)).stamp : undefined;
    } catch (error) {
      // Whoever has the version of a refused entry has it from the error, and means to be rid of that entry.
      const refused = refusedVersion(error);
      if (refused === undefined) throw error;
      return refused === version ? nothingBefore() : undefined;
    }
  }

  const encrypted: TokenStore = {
    operationTimeout: ownOption<TokenStore, "operationTimeout">(store, "operationTimeout"),

    async read(key, how) {
      const before = seen.of(key);
      const entry = await store.read(key, how);
      if (entry !== undefined) return { version: entry.version, value: (await open(key, before, entry)).value };
      seen.sawNothing(key, before);
      return undefined;
    },

    async compareAndSet(key, expected, value, how) {
      const replaced = expected === undefined ? nothingBefore() : await replaceable(key, expected, how?.signal);
      if (replaced === undefined) return undefined;
      const before = seen.of(key);
      if (value === undefined) {
        const deleted = await store.compareAndSet(key, expected, undefined, how);
        if (deleted !== undefined) seen.sawNothing(key, before);
        return deleted;
      }
      const { sealed, stamp } = await seal(keyring, key, { lineage: replaced.lineage, count: replaced.count + 1 }, value);
      const version = await store.compareAndSet(key, expected, sealed, how);
      if (version !== undefined) seen.saw(key, before, stamp, version);
      return version;
    },
  };
  for (const name of passedOn) {
    if (typeof store[name] !== "function") continue;
    Object.assign(encrypted, { [name]: (...given: unknown[]) => (store[name] as (...given: unknown[]) => unknown)(...given) });
  }
  return encrypted as EncryptedStore<Store>;
}

function nothingBefore(): Pick<Stamp, "lineage" | "count"> {
  return { lineage: newLineage(), count: 0 };
}

/** The version of an entry that was refused, here or by the store beneath. */
function refusedVersion(error: unknown): Version | undefined {
  return TokenflightError.is(error) && error.code === "ERR_STORE_RECORD_INVALID" ? (error as StoreError).version : undefined;
}
