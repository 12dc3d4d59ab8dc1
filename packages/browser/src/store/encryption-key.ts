import { readOptions, requireText, StoreError, type EncryptionKey } from "@tokenflight/core";
import { isWithin } from "./database.ts";

/** Milliseconds. A page would not begin at all. */
const longestOpening = 4000;
const table = "keys";
const id = "browser";

/**
 * The key of this browser profile for `encryptedStore`: made once for all tabs, and kept in an IndexedDB database. No script can read it out, though each of
 * the page may use it. A browser writes its bytes to the disk, beside the entries: whoever has the profile, or a copy of it, has both.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @throws StoreError (`ERR_STORE_*`).
 * @example
 * ```ts
 * const keys = [await encryptionKey({ name: "my-app" })];
 * const store = encryptedStore(indexedDbStore({ name: "my-app" }), { keys });
 * ```
 */
export async function encryptionKey(options: {
  /** Names the database that the key is in: `<name> keys`. */
  readonly name: string;
}): Promise<EncryptionKey> {
  const { name } = readOptions("encryptionKey", options, ["name"]);
  requireText("encryptionKey.name", name);
  try {
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const opening = openKeys(`${name} keys`);
    if (!(await isWithin(opening, longestOpening))) {
      // Left open, it would keep everybody from removing the database.
      opening.then((late) => late.close()).catch(() => {});
      throw new Error("The database does not open.");
    }
    const database = await opening;
    try {
      return { id, key: await keep(database, made) };
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new StoreError("ERR_STORE_UNAVAILABLE", "The browser keeps no key here; its error is the cause.", { cause });
  }
}

function openKeys(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(table);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The key that is there; this one, if there is none. Of two tabs that begin at once, both get the same. */
function keep(database: IDBDatabase, made: CryptoKey): Promise<CryptoKey> {
  const transaction = database.transaction(table, "readwrite", { durability: "strict" });
  const keys = transaction.objectStore(table);
  let kept = made;
  const request = keys.get(id);
  request.onsuccess = () => {
    if (request.result instanceof CryptoKey) kept = request.result;
    else keys.put(made, id);
  };
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(kept);
    transaction.onabort = () => reject(transaction.error);
  });
}
