import { InvalidOptionError, kindOf, requireText, requireThat } from "@tokenflight/core";
import { ownFields } from "../own-fields.ts";

/**
 * A login that has been begun: everything that its callback is checked against. A plain object, so that it can be kept in the user's
 * session (JSON). Keep it where only requests of this user's browser lead to, and never send it to the browser unencrypted: with
 * `codeVerifier` and a stolen code somebody else could finish the login. Remove it when the callback comes: it serves once.
 */
export interface PendingLogin {
  /** What the callback has to repeat (RFC 6749 section 10.12). */
  readonly state: string;
  /** What the id token has to repeat; undefined when the scope `openid` was not asked for, because only an id token has one. */
  readonly nonce?: string | undefined;
  /** The secret that the code is of use with only (RFC 7636). */
  readonly codeVerifier: string;
  /** Where the server sends the user back to. */
  readonly redirectUri: string;
  /** The client's id in the authorization request, which id tokens have to name. */
  readonly clientId: string;
  /** The scopes that were asked for, with spaces; undefined when that was left to the server. */
  readonly scope?: string | undefined;
  /** The APIs that the tokens are for (RFC 8707), which are named again with the code; undefined when that was left to the server. */
  readonly resource?: readonly string[] | undefined;
  /** The same by name. */
  readonly audience?: readonly string[] | undefined;
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
  const { state, nonce, codeVerifier, redirectUri, clientId, expiresAt, scope, resource, audience } = ownFields(pending);
  for (const [name, text] of Object.entries({ state, codeVerifier, redirectUri, clientId })) requireText(`${where}.${name}`, text);
  for (const [name, text] of Object.entries({ nonce, scope })) if (text !== undefined) requireText(`${where}.${name}`, text);
  requireThat(Number.isFinite(expiresAt), `${where}.expiresAt`, "a number", expiresAt);
  for (const [name, list] of Object.entries({ resource, audience })) {
    if (list === undefined) continue;
    requireThat(Array.isArray(list), `${where}.${name}`, "an array of strings", list);
    for (const text of list) requireText(`${where}.${name}`, text);
  }
  return { state, nonce, codeVerifier, redirectUri, clientId, expiresAt, scope, resource, audience };
}

/** Whether the login is to give an id token (OpenID Connect Core section 3.1.2.1). */
export function asksForIdToken(scope: string | undefined): boolean {
  return scope?.split(" ").includes("openid") === true;
}
