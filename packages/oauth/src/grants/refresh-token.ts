import {
  InvalidTokenResponseError,
  LoginRequiredError,
  systemClock,
  TokenRequestError,
  type TokenResponse,
  type TokenSet,
  type TokenSource,
} from "@tokenflight/core";
import type { ClientParts } from "../client/read-client-options.ts";
import { readGrantParameters, type GrantOptions, type GrantParameters } from "./grant-parameters.ts";
import { readClaims } from "../login/id-token-claims.ts";
import { identify } from "./identity.ts";
import { requestTokens } from "../endpoint/token-request.ts";

const grant = "refresh_token";

/**
 * The refresh token grant (RFC 6749 section 6) as a token source: uses the refresh token of the token set that is to be replaced. Its
 * calls reject with LoginRequiredError when there is none, or when the server says that it is dead. Throws InvalidOptionError.
 */
export function refreshToken(client: ClientParts, options: GrantOptions = {}): TokenSource {
  const parameters = readGrantParameters("refreshToken", options);

  const source: TokenSource = async function refreshTokenSource({ previous, signal }) {
    if (previous?.refreshToken === undefined) {
      throw new LoginRequiredError("There is no refresh token to obtain new tokens with: a login is required.");
    }
    requireItsTime(client, previous);
    try {
      return requireSameUser(await refresh(client, previous, parameters, signal), previous);
    } catch (error) {
      if (!(error instanceof TokenRequestError) || !endsSession(client, error)) throw error;
      throw new LoginRequiredError(`A login is required. ${error.message}`, {
        error: error.error,
        errorDescription: error.errorDescription,
        cause: error,
      });
    }
  };
  source.identity = identify(client, grant, parameters);
  if (client.reusable) source.spendsRefreshToken = false;
  if (client.grace > 0) source.refreshTokenGrace = client.grace / 1000;
  return source;
}

/** Whose refresh token still works for a while after its use can find out what became of a request by sending it again. */
async function refresh(client: ClientParts, previous: TokenSet, parameters: GrantParameters, signal: AbortSignal): Promise<TokenResponse> {
  // RFC 6749 section 6: without a scope, what was granted before is asked for.
  const { refreshToken: token = "", scope: granted } = previous;
  const { scope = granted } = parameters;
  const request = { grant, secrets: { refresh_token: token }, parameters, scope, signal };
  const begun = systemClock.monotonic();
  return requestTokens(client, request).catch((error: unknown) => {
    const isOpen = error instanceof TokenRequestError && error.outcome === "unknown" && !signal.aborted;
    if (!isOpen || systemClock.monotonic() - begun >= client.grace) throw error;
    return requestTokens(client, request);
  });
}

/** OpenID Connect Core section 12.2: the id token of a refresh is about the user who logged in. Throws InvalidTokenResponseError. */
function requireSameUser(response: TokenResponse, previous: TokenSet): TokenResponse {
  const before = readClaims(previous.idToken);
  const now = readClaims(response.id_token);
  if (before === undefined || now === undefined || (before["iss"] === now["iss"] && before["sub"] === now["sub"])) return response;
  throw new InvalidTokenResponseError("The token endpoint answered a refresh with the id token of another user, or of another issuer.");
}

/** Throws TokenRequestError when the server would refuse the refresh because it comes too soon; nothing is sent then. */
function requireItsTime({ earliestRefresh }: ClientParts, { expiresAt }: TokenSet): void {
  const left = (expiresAt ?? 0) - systemClock.now();
  if (left <= earliestRefresh) return;
  const message = `No token request was sent: this server refreshes an access token in its last ${earliestRefresh / 1000} seconds only.`;
  throw new TokenRequestError("refused", message, { retryAfter: left - earliestRefresh });
}

function endsSession({ loginRequiredErrors, passingStatuses }: ClientParts, { outcome, error, status }: TokenRequestError): boolean {
  return outcome === "refused" && loginRequiredErrors.has(error ?? "") && !passingStatuses.has(status ?? 0);
}
