import { createOAuthClient, noClientAuth, type FetchFunction, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";

/** A client whose requests this function answers. */
export function clientAnsweredBy(fetch: FetchFunction, options: Partial<OAuthClientOptions> = {}): OAuthClient {
  return createOAuthClient({ tokenEndpoint: "https://a.example/token", clientId: "id", clientAuth: noClientAuth(), fetch, ...options });
}
