import { encryptedStore, type TokenStore } from "@tokenflight/core";
import { encode } from "./bytes.ts";

/** Whose refresh token it is, as far as a request says. */
export interface Grant {
  /** Origin and path of the token endpoint. */
  readonly endpoint: string;
  /** Undefined where the request does not name its client. */
  readonly clientId: string | undefined;
  readonly refreshToken: string;
}

/** What stands for a refresh token in a store, and what opens its entry. */
export interface GrantKeys {
  readonly name: string;
  /** For AES with 256 bits. */
  readonly key: Uint8Array;
}

/**
 * Derives both from the refresh token (HKDF, RFC 5869, with SHA-256), so that who has the store and not the refresh token can neither read an entry nor tell
 * whose it is. The two have nothing to do with each other: the name, which stands in the store, says nothing of the key.
 */
export async function keysOf({ endpoint, clientId, refreshToken }: Grant): Promise<GrantKeys> {
  const secret = await crypto.subtle.importKey("raw", encode(refreshToken), "HKDF", false, ["deriveBits"]);
  const salt = encode(JSON.stringify([endpoint, clientId ?? null]));
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info: encode("tokenflight refresh-once 1") };
  const derived = new Uint8Array(await crypto.subtle.deriveBits(parameters, secret, 512));
  const name = Array.from(derived.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { name, key: derived.slice(32) };
}

/** The store as the use of one refresh token sees it. `key` seals the entry. */
export function sealedStore(store: TokenStore, key: Uint8Array): TokenStore {
  return encryptedStore(withoutSubscription(store), { keys: [{ id: "once", key }], rollback: "accept" });
}

/** Every entry would have a subscription of its own. Whoever waits watches its entry, and everybody else reads it anew each time. */
function withoutSubscription(store: TokenStore): TokenStore {
  const passedOn = ["read", "compareAndSet", "watch", "keepOpen", "holder", "isGone", "trouble"] as const;
  const methods = passedOn.flatMap((name) => {
    const method: unknown = store[name];
    return typeof method === "function" ? [[name, method.bind(store)]] : [];
  });
  return Object.fromEntries(methods) as TokenStore;
}
