import { LoginRequiredError, parseUrl, requireMethods, StoreError, type TokenSet } from "@tokenflight/core";

/** The two methods of a client of @tokenflight/oauth by which a user logs in. */
export interface LoginClient<Request extends object, Pending extends { readonly state: string }> {
  /** Begins a login. */
  authorizationUrl(request: Request): Promise<{
    /** Where the user has to be sent. */
    readonly url: string;
    /** What `exchangeCallback` checks the callback against. */
    readonly pending: Pending;
  }>;
  // The first parameter of a method may be narrower than that of its implementation: a callback's URL as text.
  /** Ends a login: the code of the callback becomes a token set. */
  exchangeCallback(url: string, pending: Pending): Promise<TokenSet>;
}

/** Throws InvalidOptionError. */
export function requireLoginClient(client: object): void {
  requireMethods("client", client, ["authorizationUrl", "exchangeCallback"]);
}

/** A login that has left the page. */
export interface LeftLogin<Pending> {
  readonly pending: Pending;
  /** Where the user was when it began. */
  readonly from: string;
}

const prefix = "tokenflight login ";

/**
 * Logins of this tab that are under way, which a reload leaves alone and other tabs do not see. Throws StoreError, ERR_STORE_UNAVAILABLE, where the
 * browser keeps nothing for the page.
 */
export function keepLogin<Pending extends { readonly state: string }>(login: LeftLogin<Pending>): void {
  try {
    sessionStorage.setItem(prefix + login.pending.state, JSON.stringify(login));
  } catch (cause) {
    throw new StoreError("ERR_STORE_UNAVAILABLE", "The browser keeps no pending login for this tab; its error is the cause.", { cause });
  }
}

/** Takes the login of this state. It serves once. Throws LoginRequiredError for the state of no login of this tab. */
export function takeLogin<Pending>(state: string): LeftLogin<Pending> {
  const name = prefix + state;
  let kept: LeftLogin<Pending> | null = null;
  try {
    const text = sessionStorage.getItem(name);
    sessionStorage.removeItem(name);
    kept = JSON.parse(String(text)) as LeftLogin<Pending> | null;
  } catch {
    // The browser denies it, or it is none of ours; what a parser says of it would show a secret.
  }
  if (kept === null) throw new LoginRequiredError("The callback belongs to no login that was begun in this tab, or it was used before.");
  return kept;
}

/** Whether this is where the authorization server sends a user back to (RFC 6749 section 4.1.2), with its answer. */
export function isCallback(href: string, redirectUri: string): boolean {
  const [given, expected] = [parseUrl(href), parseUrl(redirectUri)];
  if (given === null) return false;
  const { origin, pathname, searchParams } = given;
  const isThere = origin === expected?.origin && pathname === expected.pathname;
  return isThere && searchParams.has("state") && (searchParams.has("code") || searchParams.has("error"));
}

export function stateOf(callback: string): string {
  return String(new URL(callback).searchParams.get("state"));
}
