import { readOptions, readTokenResponse, requireSignal, requireText, requireThat, systemClock, type TokenSet } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { requestTokens } from "../endpoint/token-request.ts";
import { readGrantParameters, type GrantOptions } from "./grant-parameters.ts";

/** The end of a login: what came back from the authorization endpoint, and what was sent there. */
export interface CodeExchange extends Omit<GrantOptions, "scope"> {
  /** The code works once. */
  code: string;
  /** Exactly as in the authorization request. */
  redirectUri: string;
  /** The secret behind the authorization request's `code_challenge` (RFC 7636 section 4.5). */
  codeVerifier?: string | undefined;
  /** Ends the exchange. Nobody knows then whether the code has been used. */
  signal?: AbortSignal | undefined;
}

const optionNames = ["code", "redirectUri", "codeVerifier", "signal", "resource", "audience", "parameters"] as const;

/** The authorization code grant (RFC 6749 section 4.1.3). Rejects with InvalidOptionError, TokenRequestError and InvalidTokenResponseError. */
export async function exchangeCode(client: ClientParts, exchange: CodeExchange): Promise<TokenSet> {
  const { code, redirectUri, codeVerifier, signal, ...options } = readOptions<CodeExchange>("exchangeCode", exchange, optionNames);
  requireText("exchangeCode.code", code);
  requireText("exchangeCode.redirectUri", redirectUri);
  const isVerifier = codeVerifier === undefined || (typeof codeVerifier === "string" && /^[\w.~-]{43,128}$/.test(codeVerifier));
  requireThat(isVerifier, "exchangeCode.codeVerifier", "43 to 128 letters, digits, - . _ ~ (RFC 7636 section 4.1)", codeVerifier);
  requireSignal("exchangeCode.signal", signal);
  const { fields } = readGrantParameters("exchangeCode", options);
  const response = await requestTokens(client, {
    grant: "authorization_code",
    fields: [["redirect_uri", redirectUri], ...fields],
    secrets: { code, ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }) },
    scope: undefined,
    signal,
  });
  return readTokenResponse(response, systemClock.now());
}
