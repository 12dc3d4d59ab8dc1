import {
  InvalidTokenResponseError,
  LoginRequiredError,
  parseUrl,
  systemClock,
  TokenRequestError,
  type TokenResponse,
  type TokenSet,
} from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readClaims } from "../endpoint/answer-fields.ts";
import { codeOfEnd, endsSession } from "../endpoint/login-required.ts";
import type { OtherThan } from "../endpoint/new-refresh-token.ts";
import { requestTokens, type TokenRequest } from "../endpoint/token-request.ts";
import { ownField } from "../own-fields.ts";
import { canonicalUrl, type GrantParameters } from "./grant-parameters.ts";

const grant = "refresh_token";

/**
 * Obtains new tokens with the refresh token of the token set that is to be replaced. Rejects with LoginRequiredError when the server says that it is dead, and
 * with what `requestTokens` rejects with.
 */
export async function refreshTokens(
  client: ClientParts,
  { fields, scope: asked }: GrantParameters,
  previous: TokenSet,
  sent: string,
  signal: AbortSignal,
): Promise<TokenResponse> {
  requireItsTime(client, previous);
  // RFC 6749 section 6: without a scope, what was granted before is asked for.
  const scope = asked ?? previous.scope;
  const request = { grant, fields, secrets: { refresh_token: sent }, scope, signal, otherThan: comparedWith(previous, client) };
  try {
    return await withCheckedIdToken(client, await requestWithinGrace(client, request, signal), previous, signal);
  } catch (error) {
    const isFailure = error instanceof TokenRequestError || error instanceof InvalidTokenResponseError;
    if (!isFailure || !endsSession(client, error)) throw error;
    const said = error instanceof TokenRequestError ? { error: codeOfEnd(client, error), errorDescription: error.errorDescription } : {};
    throw new LoginRequiredError(`A login is required. ${error.message}`, { ...said, cause: error });
  }
}

/** Sends the request again, once, when nobody knows what became of it and its refresh token still works (`refreshTokenGrace`). */
async function requestWithinGrace(client: ClientParts, request: TokenRequest, signal: AbortSignal): Promise<TokenResponse> {
  const start = systemClock.monotonic();
  return requestTokens(client, request).catch((error: unknown) => {
    const isUnknown = error instanceof TokenRequestError && error.outcome === "unknown" && !signal.aborted;
    // A new refresh token is in the error: it is kept, and sent the next time.
    if (!isUnknown || error.refreshToken !== undefined || systemClock.monotonic() - start >= client.refreshTokenGrace) throw error;
    return requestTokens(client, request);
  });
}

/**
 * Checks the id token of a refresh (OpenID Connect Core section 12.2), which is known to be this user's. One with a fault is taken out of the answer.
 */
async function withCheckedIdToken(
  client: ClientParts,
  response: TokenResponse,
  previous: TokenSet,
  signal: AbortSignal,
): Promise<TokenResponse> {
  if (typeof response.id_token !== "string" || response.id_token === "") return response;
  try {
    // It is loaded late, with all that it takes to check a signature: only users who have logged in with the scope openid need it.
    const { checkRefreshedIdToken } = await import("../id-token/refreshed-id-token.ts");
    await checkRefreshedIdToken(client, response, previous, signal);
  } catch {
    // The tokens are there, and the refresh token before is used up: a file that cannot be loaded costs the id token only.
    delete response.id_token;
    client.observe({ type: "id-token-ignored", grant, reason: "keys" });
  }
  return response;
}

/** Says whose id token one is, when it is not of the user and the issuer of the one before, however these are written there. */
function comparedWith(previous: TokenSet, { knownIssuer }: ClientParts): OtherThan {
  const before = readClaims(previous.idToken);
  return (idToken, isOwn) => {
    const now = typeof idToken === "object" ? idToken : readClaims(idToken);
    const [user, otherUser] = [before, now].map((claims) => spelled(ownField(claims, "sub")));
    const [issuer, otherIssuer, known] = [ownField(before, "iss"), ownField(now, "iss"), knownIssuer].map(canonicalIssuer);
    const differ = (one: string | undefined, other: string | undefined): boolean =>
      one !== undefined && other !== undefined && one !== other;
    if (!isOwn && (issuer === undefined || issuer !== otherIssuer)) return undefined;
    if (differ(user, otherUser)) return "user (sub)";
    // A server that has moved is the one that the program names now.
    return differ(issuer, otherIssuer) && otherIssuer !== known ? "issuer (iss)" : undefined;
  };
}

/** A claim as text, so that the number 1 is the text "1"; undefined for one that names nobody. */
function spelled(claim: unknown): string | undefined {
  return typeof claim === "string" ? claim || undefined : claim === undefined || claim === null ? undefined : JSON.stringify(claim);
}

/** One spelling for an issuer, as for the server in an identity. Google has two names, of which one is no URL. */
function canonicalIssuer(claim: unknown): string | undefined {
  const issuer = spelled(claim);
  const url = issuer === "accounts.google.com" ? `https://${issuer}` : (issuer ?? "");
  return /^https?:/i.test(url) && parseUrl(url) !== null ? canonicalUrl(url) : issuer;
}

/** Throws TokenRequestError when the server would refuse the refresh because it comes too soon; nothing is sent then. */
function requireItsTime({ earliestRefresh }: ClientParts, { expiresAt }: TokenSet): void {
  const left = (expiresAt ?? 0) - systemClock.now();
  if (left <= earliestRefresh) return;
  const message = `No token request was sent: this server refreshes an access token in its last ${earliestRefresh / 1000} seconds only.`;
  throw new TokenRequestError("refused", message, { retryAfter: left - earliestRefresh });
}
