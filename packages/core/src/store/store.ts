/** Opaque; changes with every write of an entry. */
export type Version = string;

export interface StoredEntry {
  version: Version;
  value: string;
}

/** Where processes share token sets. A read sees every acknowledged write (linearizable), and an acknowledged write stays. */
export interface TokenStore {
  read(key: string, options?: { signal?: AbortSignal }): Promise<StoredEntry | undefined>;
  /**
   * Writes `value` (deletes the entry when it is undefined) if the entry still has the version `expected`, where undefined means
   * that there is no entry. Resolves to the new version, or to undefined when somebody was faster.
   */
  compareAndSet(
    key: string,
    expected: Version | undefined,
    value: string | undefined,
    options?: { signal?: AbortSignal },
  ): Promise<Version | undefined>;
  /** Calls back when the entry may have changed, until the returned function is called. A hint: polling finds the change without it. */
  watch?(key: string, changed: () => void): () => void;
  close?(): Promise<void>;
}

/** SHA-256 of the canonical form of identity and key, so that no two subjects share an entry, whatever characters their names have. */
export async function storeKey(identity: string | undefined, key: string): Promise<string> {
  const canonical = new TextEncoder().encode(JSON.stringify([identity ?? null, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
