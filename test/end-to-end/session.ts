import { createTokenCache, type TokenCache, type TokenCacheOptions, type TokenEvent } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { startAuthorizationServer, type AuthorizationServer, type AuthorizationServerOptions } from "../servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";

/** A user who is logged in: a real authorization server, an API that asks it about each token, and the user's tokens. */
export interface Session extends AsyncDisposable {
  readonly server: AuthorizationServer;
  readonly api: ResourceApi;
  readonly tokens: TokenCache;
  readonly events: TokenEvent[];
  /** Requests for a new token with the refresh token that reached the server. */
  readonly refreshes: () => number;
}

export interface SessionOptions {
  server?: AuthorizationServerOptions;
  cache?: Omit<TokenCacheOptions, "source" | "observe">;
}

export async function startSession(options: SessionOptions = {}): Promise<Session> {
  const server = await startAuthorizationServer({ accessTokenLifetime: 600, ...options.server });
  const api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({
    tokenEndpoint: server.tokenEndpoint,
    clientId,
    clientAuth: clientSecretBasic(clientSecret),
    timeout: 5,
  });
  const events: TokenEvent[] = [];
  const tokens = createTokenCache({ source: client.refreshToken(), observe: (event) => events.push(event), ...options.cache });
  await tokens.save(await client.exchangeCode(await server.login()));
  return {
    server,
    api,
    tokens,
    events,
    refreshes: () => server.stats.tokenRequests["refresh_token"] ?? 0,
    async [Symbol.asyncDispose]() {
      await api.close();
      await server.close();
    },
  };
}
