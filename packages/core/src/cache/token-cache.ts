import type { AsyncDisposal } from "../platform/disposal.ts";
import type { InitialTokens } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** What is known of a login without asking anybody. It holds no secret. */
export interface LoginStatus {
  /**
   * "logged-in": a token can be had without a person, from memory, by a refresh token, or from a source that needs no login. "logged-out": only a
   * login helps. "unknown": the store was not looked at yet, or not since somebody changed the entry; or nothing is there, and the source does not
   * say whether it needs a login (`requiresLogin`).
   */
  readonly state: "logged-in" | "logged-out" | "unknown";
  /** When the access token expires, in milliseconds since the UNIX epoch. */
  readonly expiresAt: number | undefined;
  /** The scopes of the access token, with spaces between them. Undefined when they are not known. */
  readonly scope: string | undefined;
}

/** Holds the token set of one subject: an account, a user, a tenant. After `close` every promise rejects with ERR_CLOSED, and nothing is known. */
export interface TokenCache {
  /**
   * The token set if it is fresh enough to send now, without waiting for anything. Near its end it is still given, and a refresh
   * starts in the background. Undefined also when somebody else has changed the entry in the store: `get` looks at it.
   */
  peek(): TokenSet | undefined;
  /**
   * A token set that is fresh enough to send, obtained if need be. `minValidity` is in seconds; a token set that the source gave less than a second ago will
   * do in any case. `signal` ends only this caller's wait, with the signal's reason.
   *
   * @throws LoginRequiredError (`ERR_LOGIN_REQUIRED`) when only a login helps.
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`) when the token request failed; `outcome` says what became of it.
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`) when the answer holds no usable token.
   * @throws StoreError (`ERR_STORE_*`) when the store is away, and the token source would spend a refresh token.
   * @throws TokenflightError (`ERR_CLOSED`) after `close`; (`ERR_REENTRANT_REFRESH`) in the token source's own call.
   */
  get(options?: {
    /** Ends this caller's wait. Default: none. */
    signal?: AbortSignal | undefined;
    /** Seconds for which the token set has to be good at least. Default: what the freshness options say. */
    minValidity?: number | undefined;
  }): Promise<TokenSet>;
  /**
   * A resource server refused this token set: resolves to another one. That is the current one if it differs, the one of the refresh
   * under way, or a new one.
   */
  renew(
    refused: TokenSet,
    options?: {
      /** Ends this caller's wait. Default: none. */
      signal?: AbortSignal | undefined;
    },
  ): Promise<TokenSet>;
  /** Tells how a replay with a renewed token set ended, so that an API that refuses even new tokens causes no refresh for each request. */
  reportReplay(renewed: TokenSet, accepted: boolean): void;
  /**
   * Takes the token set of a login, or its refresh token alone, in place of whatever was there.
   *
   * @throws StoreError (`ERR_STORE_*`).
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`) when the tokens are of no use.
   * @throws TokenflightError (`ERR_CLOSED`) after `close`.
   */
  save(tokens: TokenSet | InitialTokens): Promise<TokenSet>;
  /**
   * Begins with tokens that come from elsewhere, as a refresh token from the environment. They are taken only while there is no login, or when the login that
   * is there is over and did not begin with the same ones: a refresh token that was used up is not sent at the next start. Resolves to whether they were
   * taken.
   *
   * @throws StoreError (`ERR_STORE_*`), also when the entry cannot be read.
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`) when the tokens are of no use.
   * @throws TokenflightError (`ERR_CLOSED`) after `close`.
   */
  seed(tokens: TokenSet | InitialTokens): Promise<boolean>;
  /**
   * Drops the token set, here and in the store: a logout. With `revoke` it is then given back to the authorization server, after a refresh that is under way.
   * If that fails, the call rejects, and the token set is forgotten all the same.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`), before anything is forgotten, when the token source cannot revoke.
   * @throws StoreError (`ERR_STORE_*`).
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`) when the server did not revoke the tokens.
   */
  forget(options?: {
    /** Whether the authorization server revokes the tokens, too (RFC 7009). Default false. */
    revoke?: boolean | undefined;
  }): Promise<void>;
  /**
   * Looks into the store, and asks nobody: resolves to what `peek` gives then.
   *
   * @throws StoreError (`ERR_STORE_*`).
   */
  reread(): Promise<TokenSet | undefined>;
  /** Whether somebody is logged in, from memory. */
  status(): LoginStatus;
}

/** What ends a token cache of its own, or a pool with all its caches. */
export interface Closable extends AsyncDisposal {
  /**
   * Begins nothing new, and resolves when everything is finished that is under way: a token request, and the write of its result. It waits for 2.75
   * times the timeout of a token request at most, which only a store that is away makes it do. Calls that come later reject with a TokenflightError, ERR_CLOSED. The store stays open.
   */
  close(): Promise<void>;
}

/** A token cache that says what its login is found by in a store, beside its key. */
export interface NamedTokenCache extends TokenCache {
  /** The option `identity`, or the `identity` of the token source. No secret is in it. */
  readonly identity: string | undefined;
}

/** The token cache of one subject, with an end of its own. */
export interface ClosableTokenCache extends NamedTokenCache, Closable {}
