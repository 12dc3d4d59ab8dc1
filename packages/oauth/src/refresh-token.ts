import { LoginRequiredError, TokenRequestError, type TokenSource } from "@tokenflight/core";
import { readGrantParameters, type GrantOptions } from "./grant-parameters.ts";
import { identify } from "./identity.ts";
import { requestTokens, type TokenEndpointParts } from "./token-endpoint.ts";
import { withRequestedScope } from "./requested-scope.ts";

/**
 * The refresh token grant (RFC 6749 section 6) as a token source: uses the refresh token of the token set that is to be replaced. Its
 * calls reject with LoginRequiredError when there is none, or when the server answers with one of `loginRequiredErrors`. Throws
 * InvalidOptionError.
 */
export function refreshToken(
  endpoint: TokenEndpointParts,
  loginRequiredErrors: ReadonlySet<string>,
  options: GrantOptions = {},
): TokenSource {
  const grant = "refresh_token";
  const parameters = readGrantParameters("refreshToken", options);

  const source: TokenSource = async function refreshTokenSource({ previous, signal }) {
    const token = previous?.refreshToken;
    if (token === undefined) throw new LoginRequiredError("There is no refresh token to obtain new tokens with: a login is required.");
    try {
      return withRequestedScope(
        await requestTokens(endpoint, { grant, secrets: { refresh_token: token }, parameters, signal }),
        parameters,
      );
    } catch (error) {
      if (!(error instanceof TokenRequestError) || error.outcome !== "refused" || !loginRequiredErrors.has(error.error ?? "")) throw error;
      throw new LoginRequiredError(`A login is required. ${error.message}`, {
        error: error.error,
        errorDescription: error.errorDescription,
        cause: error,
      });
    }
  };
  source.identity = identify(endpoint, grant, parameters);
  return source;
}
