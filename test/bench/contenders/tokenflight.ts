import { createTokenCache, TokenSet, type TokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import type { HeldToken } from "./held-token.ts";

/** A token cache as the README sets it up for a user's login, which has happened. */
export async function cacheWith(held: HeldToken, tokenEndpoint: string): Promise<TokenCache> {
  const client = createOAuthClient({ tokenEndpoint, clientId: "bench", clientAuth: clientSecretBasic("secret") });
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save(tokenSetOf(held));
  return tokens;
}

export function tokenSetOf(held: HeldToken): TokenSet {
  return new TokenSet({ ...held, tokenType: "Bearer" });
}
