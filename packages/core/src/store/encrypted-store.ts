import { keyringOf, type EncryptionKey } from "./encryption-keys.ts";
import { NewestSeen, type Known } from "./newest-seen.ts";
import { readOptions, requireMethods, requireOneOf } from "../options.ts";
import { newLineage, seal, unseal, type Stamp } from "./sealed-value.ts";
import type { TokenStore, Version } from "./store.ts";

export type { EncryptionKey } from "./encryption-keys.ts";

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

/** It watches and closes if the store beneath does. */
export type EncryptedStore<Store extends TokenStore> = TokenStore & Pick<Store, keyof Store & ("watch" | "close")>;

/**
 * Encrypts the values of another store with AES-256-GCM. Keys of entries, which are hashes, the times of writes and sizes stay visible.
 *
 * Each value is bound to its entry's key and to a count of the entry's writes, because the store's own version is known only after the write. An
 * entry that was changed, cut, swapped with another one, never encrypted or encrypted with an unknown key is refused with a StoreError,
 * ERR_STORE_RECORD_INVALID; so is one that was rolled back, as far as this process can know: it remembers the newest write that it has seen of
 * each of the 10,000 entries it used last. Whoever can write to the store can still delete an entry, and can show a process that has just
 * started an old one. Throws InvalidOptionError.
 */
export function encryptedStore<Store extends TokenStore>(store: Store, options: EncryptedStoreOptions): EncryptedStore<Store> {
  requireMethods("store", store, ["read", "compareAndSet"]);
  const { keys, rollback = "refuse" } = readOptions("encryptedStore", options, ["keys", "rollback"]);
  requireOneOf("rollback", rollback, ["refuse", "accept"]);
  const keyring = keyringOf(keys);
  const seen = new NewestSeen();

  async function open(key: string, before: Known, version: Version, sealed: string): Promise<{ value: string; stamp: Stamp }> {
    const opened = await unseal(keyring, key, sealed);
    if (rollback === "refuse") seen.check(before, opened.stamp);
    seen.saw(key, before, opened.stamp, version);
    return opened;
  }

  /** The write that gave this version; undefined when the entry has another one now. */
  async function stampOf(key: string, version: Version, signal: { signal?: AbortSignal } | undefined): Promise<Stamp | undefined> {
    const before = seen.of(key);
    if (before.version === version) return before.newest;
    const entry = await store.read(key, signal);
    return entry?.version === version ? (await open(key, before, version, entry.value)).stamp : undefined;
  }

  const encrypted: TokenStore = {
    async read(key, signal) {
      const before = seen.of(key);
      const entry = await store.read(key, signal);
      if (entry !== undefined) return { version: entry.version, value: (await open(key, before, entry.version, entry.value)).value };
      seen.sawNothing(key, before);
      return undefined;
    },

    async compareAndSet(key, expected, value, signal) {
      const replaced = expected === undefined ? undefined : await stampOf(key, expected, signal);
      if (expected !== undefined && replaced === undefined) return undefined;
      const before = seen.of(key);
      if (value === undefined) {
        const deleted = await store.compareAndSet(key, expected, undefined, signal);
        if (deleted !== undefined) seen.sawNothing(key, before);
        return deleted;
      }
      const { lineage, count } = replaced ?? { lineage: newLineage(), count: 0 };
      const { sealed, stamp } = await seal(keyring, key, { lineage, count: count + 1 }, value);
      const version = await store.compareAndSet(key, expected, sealed, signal);
      if (version !== undefined) seen.saw(key, before, stamp, version);
      return version;
    },

    ...(store.watch === undefined ? {} : { watch: (key: string, changed: () => void) => store.watch?.(key, changed) ?? (() => {}) }),
    ...(store.close === undefined ? {} : { close: async () => store.close?.() }),
  };
  return encrypted as EncryptedStore<Store>;
}
