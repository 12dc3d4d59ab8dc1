import { InvalidOptionError, kindOf, readOptions, readTokenResponse, requireText, systemClock, type TokenSet } from "@tokenflight/core";
import { readGrantParameters, type GrantOptions } from "./grant-parameters.ts";
import { requireSignal } from "../endpoint/require-signal.ts";
import { requestTokens, type TokenEndpointParts } from "../endpoint/token-request.ts";

/** The end of a login: what came back from the authorization endpoint, and what was sent there. */
export interface CodeExchange extends Omit<GrantOptions, "scope"> {
  /** It works once. */
  code: string;
  /** Exactly as in the authorization request. */
  redirectUri: string;
  /** The secret behind the authorization request's `code_challenge` (RFC 7636 section 4.5). */
  codeVerifier?: string | undefined;
  /** Ends the exchange. Nobody knows then whether the code has been used. */
  signal?: AbortSignal | undefined;
}

const optionNames = ["code", "redirectUri", "codeVerifier", "signal", "resource", "audience", "parameters"] as const;

/** The authorization code grant (RFC 6749 section 4.1.3). Throws InvalidOptionError, TokenRequestError and InvalidTokenResponseError. */
export async function exchangeCode(endpoint: TokenEndpointParts, exchange: CodeExchange): Promise<TokenSet> {
  const { code, redirectUri, codeVerifier, signal, ...options } = readOptions<CodeExchange>("exchangeCode", exchange, optionNames);
  requireText("exchangeCode.code", code);
  requireText("exchangeCode.redirectUri", redirectUri);
  if (codeVerifier !== undefined && !(typeof codeVerifier === "string" && /^[\w.~-]{43,128}$/.test(codeVerifier))) {
    throw new InvalidOptionError(
      "exchangeCode.codeVerifier",
      "43 to 128 letters, digits, - . _ ~ (RFC 7636 section 4.1)",
      kindOf(codeVerifier),
    );
  }
  requireSignal("exchangeCode.signal", signal);
  const { fields, ...parameters } = readGrantParameters("exchangeCode", options);
  const response = await requestTokens(endpoint, {
    grant: "authorization_code",
    secrets: { code, ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }) },
    parameters: { ...parameters, fields: [["redirect_uri", redirectUri], ...fields] },
    signal,
  });
  return readTokenResponse(response, systemClock.now());
}
