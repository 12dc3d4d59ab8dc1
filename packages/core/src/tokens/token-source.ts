import { requireFunction, requireSeconds, requireText, requireThat } from "../options.ts";
import { ownOnly } from "../platform/own.ts";
import type { TokenResponse } from "./token-response.ts";
import type { TokenSet } from "./token-set.ts";

/** Why a new token set is wanted: there is none, it has expired, it soon will, a resource server refused it, it ends too soon for the caller. */
export type RefreshReason = "missing" | "expired" | "expiring" | "refused" | "min-validity";

/** Whether a caller waits for the answer, or nobody does yet. */
export type Urgency = "blocking" | "ahead";

/** What a token source is told with each call. */
export interface SourceContext {
  /** The token set that the new one replaces. */
  previous?: TokenSet;
  /** Aborts at the token request's deadline. No caller's own signal reaches a source. */
  signal: AbortSignal;
  /** "blocking" when a caller waits, "ahead" for a refresh ahead. */
  urgency: Urgency;
  /** Why a new token set is needed. */
  reason: RefreshReason;
}

/**
 * Obtains a new token set. A plain function will do; grants of `@tokenflight/oauth` are token sources.
 *
 * What it throws decides what happens next: LoginRequiredError ends the session until `save`, the `outcome` of a TokenRequestError is
 * acted on, anything else counts as "unknown".
 */
export interface TokenSource {
  (context: SourceContext): Promise<TokenSet | TokenResponse>;
  /**
   * Whether a call uses up `previous.refreshToken`. Default: yes, where there is one: one use may be all there is. A source that says false is called
   * while the store is away, too; one that says nothing, once it has given a token set without a refresh token. "own": each call uses up a refresh token that
   * the source holds itself.
   */
  spendsRefreshToken?: boolean | "own";
  /** Whether it gives a token set only after a login, by the refresh token of the one before. Default: nobody knows. `status()` of a token cache goes by it. */
  requiresLogin?: boolean;
  /**
   * Seconds for which a refresh token that was used up still works. Default 0. With a grace time, a refresh token that may have been used up is
   * sent again at once. Without one, it is sent again only when the access token has expired.
   */
  refreshTokenGrace?: number;
  /**
   * Names whose logins it refreshes, as issuer and client do; for tokens without a login, also what they are for. Part of the store's key: what changes it
   * loses the logins that are stored, and two sources with the same one share them.
   */
  identity?: string;
  /**
   * Names what its access tokens are for, as scope, resource and audience do. Access tokens of one login are kept apart by it; the refresh token is one.
   * Default: there is only one purpose.
   */
  purpose?: string;
  /** Gives a token set back to where it came from (RFC 7009), for `forget({ revoke: true })` of a token cache. */
  revoke?: (tokenSet: TokenSet) => Promise<void>;
}

/** Throws InvalidOptionError for what is no token source, or says odd things of itself. */
export function requireSource(source: TokenSource): void {
  requireFunction("source", source);
  const { identity, purpose, spendsRefreshToken, requiresLogin, refreshTokenGrace, revoke } = ownOnly(source);
  if (identity !== undefined) requireText("source.identity", identity);
  if (purpose !== undefined) requireText("source.purpose", purpose);
  const isSpending = spendsRefreshToken === "own" || spendsRefreshToken === undefined || typeof spendsRefreshToken === "boolean";
  requireThat(isSpending, "source.spendsRefreshToken", 'true, false or "own"', spendsRefreshToken);
  requireThat(requiresLogin === undefined || typeof requiresLogin === "boolean", "source.requiresLogin", "true or false", requiresLogin);
  if (refreshTokenGrace !== undefined) requireSeconds("source.refreshTokenGrace", refreshTokenGrace);
  if (revoke !== undefined) requireFunction("source.revoke", revoke);
}
