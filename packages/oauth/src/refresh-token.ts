import { LoginRequiredError, TokenRequestError, type TokenSource } from "@tokenflight/core";
import type { ClientParts } from "./client-options.ts";
import { readGrantParameters, type GrantOptions } from "./grant-parameters.ts";
import { identify } from "./identity.ts";
import { requestTokens } from "./token-endpoint.ts";

/**
 * The refresh token grant (RFC 6749 section 6) as a token source: uses the refresh token of the token set that is to be replaced. Its
 * calls reject with LoginRequiredError when there is none, or when the server says that it is dead. Throws InvalidOptionError.
 */
export function refreshToken(client: ClientParts, options: GrantOptions = {}): TokenSource {
  const grant = "refresh_token";
  const parameters = readGrantParameters("refreshToken", options);

  const source: TokenSource = async function refreshTokenSource({ previous, signal }) {
    const token = previous?.refreshToken;
    if (token === undefined) throw new LoginRequiredError("There is no refresh token to obtain new tokens with: a login is required.");
    try {
      // RFC 6749 section 6: without a scope, what was granted before is asked for.
      const scope = parameters.scope ?? previous?.scope;
      return await requestTokens(client, { grant, secrets: { refresh_token: token }, parameters, scope, signal });
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
  return source;
}

function endsSession({ loginRequiredErrors, passingStatuses }: ClientParts, { outcome, error, status }: TokenRequestError): boolean {
  return outcome === "refused" && loginRequiredErrors.has(error ?? "") && !passingStatuses.has(status ?? 0);
}
