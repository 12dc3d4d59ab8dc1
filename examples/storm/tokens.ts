import { createTokenCache, type TokenCache, type TokenEvent, type TokenStore } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient, type OAuthClient } from "@tokenflight/oauth";

/** What a process needs to know to refresh the tokens that all share. */
export interface ClientAccess {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A new token set that a token request of this process brought. */
export type Obtained = Pick<Extract<TokenEvent, { type: "token-obtained" }>, "reason" | "urgency">;

export function oauthClient({ tokenEndpoint, clientId, clientSecret }: ClientAccess): OAuthClient {
  return createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
}

/** The one token cache of a process, over the store that all processes share. */
export function sharedTokens(access: ClientAccess, store: TokenStore, onObtained: (obtained: Obtained) => void): TokenCache {
  return createTokenCache({
    source: oauthClient(access).refreshToken(),
    store,
    key: "storm",
    observe(event) {
      if (event.type === "token-obtained") onObtained({ reason: event.reason, urgency: event.urgency });
    },
  });
}
