import type { Keyring } from "./encryption-keys.ts";
import { StoreError } from "../errors/refresh-errors.ts";
import type { StoredEntry, Version } from "./store.ts";

/** Which write of an entry a sealed value is from. */
export interface Stamp {
  /** Random, and another one each time that the entry is created. */
  readonly lineage: string;
  /** One for the write that created the entry, and one more for each write since. */
  readonly count: number;
  /** The random nonce, which tells two writes apart that say the same of themselves. */
  readonly nonce: string;
}

export type Unsealed = { readonly value: string; readonly stamp: Stamp };
type Sealed = { readonly sealed: string; readonly stamp: Stamp };

const form = /^tokenflight-sealed-1\.([\w-]{1,64})\.([\w-]{22})\.([1-9]\d{0,15})\.([\w-]{16})\.([\w-]+)$/;

/** 128 random bits, as text. */
export function newLineage(): string {
  return toText(crypto.getRandomValues(new Uint8Array(16)));
}

/** Encrypts a value for one write under one key of the store. */
export async function seal({ current, keys }: Keyring, storeKey: string, write: Omit<Stamp, "nonce">, value: string): Promise<Sealed> {
  const { lineage, count } = write;
  // Random, as all processes encrypt with one key and share no counter: safe for 2^32 writes with one key (NIST SP 800-38D, section 8.3).
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const nonce = toText(iv);
  const header = `tokenflight-sealed-1.${current}.${lineage}.${count}`;
  const parameters = { name: "AES-GCM", iv, additionalData: boundTo(storeKey, header) };
  const key = (await keys.get(current)) as CryptoKey;
  const data = new Uint8Array(await crypto.subtle.encrypt(parameters, key, new TextEncoder().encode(value)));
  return { sealed: `${header}.${nonce}.${toText(data)}`, stamp: { lineage, count, nonce } };
}

/** Decrypts what was sealed for this key of the store. Throws StoreError for everything else, and shows none of it. */
export async function unseal({ keys }: Keyring, storeKey: string, { value: sealed, version }: StoredEntry): Promise<Unsealed> {
  const [, id = "", lineage = "", count = "", nonce = "", data = ""] = form.exec(sealed) ?? rejectEntry("is not encrypted", version);
  const key = await (keys.get(id) ?? rejectEntry(`is encrypted with the key "${id}", which is not one of the keys given`, version));
  const header = `tokenflight-sealed-1.${id}.${lineage}.${count}`;
  try {
    const bytes = fromText(data);
    // The last character may hold bits that mean nothing. They are not to be changed either.
    if (toText(bytes) !== data) throw new TypeError("not the base64url that was written");
    const parameters = { name: "AES-GCM", iv: fromText(nonce), additionalData: boundTo(storeKey, header) };
    const value = await crypto.subtle.decrypt(parameters, key as CryptoKey, bytes);
    return { value: new TextDecoder("utf-8", { ignoreBOM: true }).decode(value), stamp: { lineage, count: Number(count), nonce } };
  } catch {
    return rejectEntry(`was changed, is another subject's, or was encrypted with another key of the id "${id}"`, version);
  }
}

export function rejectEntry(what: string, version: Version): never {
  throw new StoreError("ERR_STORE_RECORD_INVALID", `The store's entry ${what}: it was refused.`, { version });
}

function boundTo(storeKey: string, header: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([header, storeKey]));
}

/** base64url without padding (RFC 4648 section 5). */
function toText(bytes: Uint8Array): string {
  let binary = "";
  // So many at once that a long value is quick, and so few that they may be arguments of a function.
  for (let index = 0; index < bytes.length; index += 8192) binary += String.fromCharCode(...bytes.subarray(index, index + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromText(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
