import { InvalidOptionError, kindOf, requireText, requireThat } from "@tokenflight/core";
import { ownFields } from "../own-fields.ts";

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

/**
 * Reads what a session gave back: a copy with the login's own fields, and nothing else. Throws InvalidOptionError, which shows nothing of it.
 */
export function readPendingLogin(where: string, pending: PendingLogin): PendingLogin {
  if (typeof pending !== "object" || pending === null) {
    throw new InvalidOptionError(where, "the pending login that authorizationUrl gave", kindOf(pending));
  }
  const { state, nonce, codeVerifier, redirectUri, clientId, expiresAt, scope } = ownFields(pending);
  for (const [name, text] of Object.entries({ state, nonce, codeVerifier, redirectUri, clientId })) requireText(`${where}.${name}`, text);
  requireThat(Number.isFinite(expiresAt), `${where}.expiresAt`, "a number", expiresAt);
  if (scope !== undefined) requireText(`${where}.scope`, scope);
  return { state, nonce, codeVerifier, redirectUri, clientId, expiresAt, scope };
}
