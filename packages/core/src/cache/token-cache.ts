import type { TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** Holds the token set of one subject: an account, a user, a tenant. */
export interface TokenCache {
  /**
   * The token set if it is fresh enough to send now, without waiting for anything. Near its end it is still given, and a refresh
   * starts in the background.
   */
  peek(): TokenSet | undefined;
  /**
   * A token set that is fresh enough to send, obtained if need be. `minValidity` is in seconds. `signal` ends only this caller's wait,
   * with the signal's reason. Rejects with a TokenflightError.
   */
  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet>;
  /**
   * A resource server refused this token set: resolves to another one. That is the current one if it differs, the one of the refresh
   * under way, or a new one.
   */
  renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet>;
  /** Tells how a replay with a renewed token set ended, so that an API that refuses even new tokens causes no refresh for each request. */
  reportReplay(renewed: TokenSet, accepted: boolean): void;
  /** Takes the token set of a login, in place of whatever was there. Rejects with a TokenflightError. */
  save(tokenSet: TokenSet | TokenResponse): Promise<TokenSet>;
  /**
   * Drops the token set, here and in the store: a logout. With `revoke` it is then given back to the authorization server, after a refresh that
   * is under way. If that fails, the call rejects, and the token set is forgotten all the same. Rejects with a TokenflightError; with
   * InvalidOptionError, before anything is forgotten, when the token source cannot revoke.
   */
  forget(options?: { revoke?: boolean | undefined }): Promise<void>;
}
