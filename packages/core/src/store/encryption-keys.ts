import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import { requireThat } from "../options.ts";
import type { WebCryptoKey } from "../platform/web-crypto.ts";

/** A key of `encryptedStore`. */
export interface EncryptionKey {
  /** Names the key in what it encrypts: 1 to 64 letters, digits, "-" or "_". Not a secret. Never give one id to two keys. */
  readonly id: string;
  /** 32 random bytes, or a key of AES-GCM with 256 bits that was imported with WebCrypto. */
  readonly key: Uint8Array | WebCryptoKey;
}

/** The key that encrypts, and all that decrypt, by their ids. Each is a CryptoKey. */
export interface Keyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Promise<WebCryptoKey>>;
}

/** Checks the keys and imports them. Throws InvalidOptionError, which never shows a key. */
export function keyringOf(keys: unknown): Keyring {
  requireThat(Array.isArray(keys) && keys.length > 0, "keys", "an array with one key or more", keys);
  const imported = new Map<string, Promise<CryptoKey>>();
  for (const [index, given] of (keys as (Partial<EncryptionKey> | undefined)[]).entries()) {
    const id = given?.id;
    const isId = typeof id === "string" && /^[\w-]{1,64}$/.test(id);
    requireThat(isId, `keys[${index}].id`, 'a string of 1 to 64 letters, digits, "-" or "_"', id);
    if (imported.has(id)) throw new InvalidOptionError(`keys[${index}].id`, "an id that no other key has", `"${id}" again`);
    const key = importKey(given?.key, `keys[${index}].key`, index === 0);
    // Whoever uses it gets the rejection from a promise of its own.
    key.catch(() => {});
    imported.set(id, key);
  }
  return { current: [...imported.keys()][0] as string, keys: imported };
}

function importKey(key: unknown, where: string, encrypts: boolean): Promise<CryptoKey> {
  if (key instanceof Uint8Array && key.length !== 32) throw new InvalidOptionError(where, "32 bytes", `${key.length} bytes`);
  if (key instanceof Uint8Array) return crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  requireThat(key instanceof CryptoKey, where, "32 bytes in a Uint8Array, or a CryptoKey", key);
  const { name, length } = key.algorithm as AesKeyAlgorithm;
  if (name !== "AES-GCM" || length !== 256)
    throw new InvalidOptionError(where, "a key of AES-GCM with 256 bits", `one of ${name} with ${length}`);
  const needed: KeyUsage[] = encrypts ? ["encrypt", "decrypt"] : ["decrypt"];
  if (needed.every((usage) => key.usages.includes(usage))) return Promise.resolve(key);
  throw new InvalidOptionError(where, `a key that may ${needed.join(" and ")}`, "one that may not");
}
