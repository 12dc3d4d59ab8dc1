import { LoginRequiredError, type TokenSource } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { loaded } from "../endpoint/waiting.ts";
import { identify, readGrantParameters, type GrantOptions } from "./grant-parameters.ts";

/**
 * The refresh token grant (RFC 6749 section 6) as a token source: it uses the refresh token of the token set that is to be replaced. Its
 * calls reject with LoginRequiredError when there is none, or when the server says that it is dead. Throws InvalidOptionError.
 */
export function refreshToken(client: ClientParts, options: GrantOptions = {}): TokenSource {
  const parameters = readGrantParameters("refreshToken", options, client.tokenParameters);

  const source: TokenSource = async function refreshTokenSource({ previous, signal }) {
    const { refreshToken: sent } = previous ?? {};
    if (previous === undefined || sent === undefined)
      throw new LoginRequiredError("There is no refresh token to obtain new tokens with: a login is required.");
    const { refreshTokens } = await loaded(import("./refresh-tokens.ts"));
    return refreshTokens(client, parameters, previous, sent, signal);
  };
  source.identity = identify(client, "refresh_token");
  if (parameters.purpose !== undefined) source.purpose = parameters.purpose;
  source.requiresLogin = true;
  source.spendsRefreshToken = !client.hasReusableRefreshTokens;
  source.refreshTokenGrace = client.refreshTokenGrace / 1000;
  return source;
}
