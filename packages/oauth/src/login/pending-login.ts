import { InvalidOptionError, kindOf, requireText } from "@tokenflight/core";
import { LoginError } from "../errors.ts";

/**
 * A login that has been begun: everything that its callback is checked against. A plain object, so that it can be kept in the user's
 * session (JSON). Keep it where only this user's browser leads to, and never send it to the browser in the clear: with `codeVerifier` and a
 * stolen code somebody else could finish the login. Take it away when the callback comes: it serves once.
 */
export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** The client's id in the authorization request, which id tokens have to name. */
  readonly clientId: string;
  /** What was asked for, with spaces; undefined when that was left to the server. */
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

/** Remembers the logins that this client has seen the callback of, for as long as they could come back. */
export class UsedLogins {
  readonly #until = new Map<string, number>();

  /** Takes a login for the one time that it serves. Throws LoginError when it is over or was used before. */
  use({ state, expiresAt }: PendingLogin): void {
    const now = Date.now();
    for (const [used, until] of this.#until) if (until <= now) this.#until.delete(used);
    if (expiresAt <= now) throw new LoginError("expired", "The login took too long: its time is over.");
    if (this.#until.has(state)) throw new LoginError("used", "The login has been used already: it serves once.");
    this.#until.set(state, expiresAt);
  }
}
