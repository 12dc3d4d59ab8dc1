import { readOptions, requireSignal, requireThat, TokenRequestError, type TokenSet } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { askEndpoint, type BodyFields } from "../endpoint/endpoint-request.ts";
import { failureOf } from "../endpoint/failure.ts";

/**
 * Revokes a token set (RFC 7009): the refresh token first, whose end most servers take for the end of the login, then the access token, even
 * if the first was refused. That a server does not revoke access tokens is no failure. Rejects with TokenRequestError; revoking again is
 * harmless.
 */
export async function revoke(client: ClientParts, tokenSet: TokenSet, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  const { signal } = readOptions("revoke", options, ["signal"]);
  requireSignal("revoke.signal", signal);
  requireThat(typeof tokenSet?.accessToken === "string", "revoke.tokenSet", "a token set", tokenSet);
  const { accessToken, refreshToken } = tokenSet;
  let refusal: TokenRequestError | undefined;
  if (refreshToken !== undefined) {
    await revokeOne(client, refreshToken, "refresh_token", signal).catch((error: unknown) => {
      if (!(error instanceof TokenRequestError) || error.outcome !== "refused") throw error;
      refusal = error;
    });
  }
  // Of a login of which only a refresh token is known there is none.
  if (accessToken !== "") {
    await revokeOne(client, accessToken, "access_token", signal).catch((error: unknown) => {
      if (!(error instanceof TokenRequestError) || error.error !== "unsupported_token_type") throw error;
    });
  }
  if (refusal !== undefined) throw refusal;
}

function revokeOne(client: ClientParts, token: string, hint: string, signal: AbortSignal | undefined): Promise<void> {
  const fields: BodyFields = [["token_type_hint", hint]];
  return askEndpoint(client, { endpoint: "revocation_endpoint", fields, secrets: { token }, namesClient: false, signal }, (answer) => {
    // RFC 7009 section 2.2 says 200; some servers say 204.
    if (answer.status < 200 || answer.status >= 300) throw failureOf(answer);
  });
}
