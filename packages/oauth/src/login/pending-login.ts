import { InvalidOptionError, kindOf, requireText } from "@tokenflight/core";

/**
 * A login that has been begun: everything that its callback is checked against. A plain object, so that it can be kept in the user's
 * session (JSON). Keep it where only requests of this user's browser lead to, and never send it to the browser unencrypted: with
 * `codeVerifier` and a stolen code somebody else could finish the login. Remove it when the callback comes: it serves once.
 */
export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** The client's id in the authorization request, which id tokens have to name. */
  readonly clientId: string;
  /** The scopes that were asked for, with spaces; undefined when that was left to the server. */
  readonly scope?: string | undefined;
  /** Milliseconds since the UNIX epoch. */
  readonly expiresAt: number;
}

const texts = ["state", "nonce", "codeVerifier", "redirectUri", "clientId"] as const;

/** Reads what a session gave back. Throws InvalidOptionError, which shows nothing of it. */
export function readPendingLogin(where: string, pending: PendingLogin): PendingLogin {
  if (typeof pending !== "object" || pending === null) {
    throw new InvalidOptionError(where, "the pending login that authorizationUrl gave", kindOf(pending));
  }
  for (const name of texts) requireText(`${where}.${name}`, pending[name]);
  if (typeof pending.expiresAt !== "number") throw new InvalidOptionError(`${where}.expiresAt`, "a number", kindOf(pending.expiresAt));
  if (pending.scope !== undefined) requireText(`${where}.scope`, pending.scope);
  return pending;
}
