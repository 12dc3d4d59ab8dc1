import { InvalidOptionError, kindOf, readOptions, TokenRequestError, type TokenSet } from "@tokenflight/core";
import type { ClientParts } from "./read-client-options.ts";
import { askEndpoint } from "../endpoint/endpoint-request.ts";
import { requireSignal } from "../endpoint/require-signal.ts";
import { failureOf } from "../endpoint/token-endpoint-response.ts";

type TokenKind = "refresh_token" | "access_token";

const open = new Set(["token_type_hint"]);

/**
 * Gives tokens back (RFC 7009): the refresh token first, whose end most servers take for the end of the login, then the access token, even if
 * the first was refused. That a server does not revoke access tokens is no failure. Rejects with TokenRequestError; revoking again is
 * harmless.
 */
export async function revoke(client: ClientParts, tokens: TokenSet, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  const { signal } = readOptions("revoke", options, ["signal"]);
  requireSignal("revoke.signal", signal);
  if (typeof tokens?.accessToken !== "string") throw new InvalidOptionError("revoke.tokens", "a token set", kindOf(tokens));
  const { accessToken, refreshToken } = tokens;
  let refusal: TokenRequestError | undefined;
  if (refreshToken !== undefined) {
    await revokeOne(client, refreshToken, "refresh_token", signal).catch((error: unknown) => {
      if (!(error instanceof TokenRequestError) || error.outcome !== "refused") throw error;
      refusal = error;
    });
  }
  await revokeOne(client, accessToken, "access_token", signal).catch((error: unknown) => {
    if (!(error instanceof TokenRequestError) || error.error !== "unsupported_token_type") throw error;
  });
  if (refusal !== undefined) throw refusal;
}

function revokeOne(client: ClientParts, token: string, kind: TokenKind, signal: AbortSignal | undefined): Promise<void> {
  const fields = [
    ["token", token],
    ["token_type_hint", kind],
  ] as const;
  return askEndpoint(client, { endpoint: "revocation_endpoint", fields: () => fields, open, signal }, ({ answer, host, mask }) => {
    // RFC 7009 section 2.2 says 200; some servers say 204.
    if (answer.status < 200 || answer.status >= 300) throw failureOf(answer, { title: "revocation", host, mask });
  });
}
