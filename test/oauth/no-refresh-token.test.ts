import { createTokenCache, memoryStore, type TokenEvent } from "@tokenflight/core";
import { clientSecretBasic, createLogin, createOAuthClient, type OAuthClient } from "@tokenflight/oauth";
import { beforeEach, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";

/** A client that gets refresh tokens, and one that does not, as where `offline_access` is missing. */
const clients = [
  { clientId: "with", clientSecret: "s1" },
  { clientId: "without", clientSecret: "s2", metadata: { grant_types: ["authorization_code"] } },
];

let server: AuthorizationServer;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients });
  return () => server.close();
});

const kinds = [
  [
    "a token cache",
    (client: OAuthClient, observe: (event: TokenEvent) => void) => createTokenCache({ source: client.refreshToken(), observe }),
  ],
  [
    "a login",
    (client: OAuthClient, observe: (event: TokenEvent) => void) => createLogin({ client, store: memoryStore(), key: "user", observe }),
  ],
] as const;

it.each(kinds.flatMap(([kind, make]) => clients.map((client) => [kind, client, make] as const)))(
  "%s says when a login is saved whether it can be refreshed: $clientId a refresh token (field line 105)",
  async (_, { clientId, clientSecret }, make) => {
    const client = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
    const { url, pending } = await client.authorizationUrl({
      redirectUri: server.client.redirectUri,
      scope: "openid read",
      parameters: { prompt: "consent" },
    });
    const events: TokenEvent[] = [];
    await using saving = make(client, (event) => events.push(event));
    const { refreshToken } = await saving.save(await client.exchangeCallback(await server.visit(url), pending));
    expect(refreshToken === undefined).toBe(clientId === "without");
    expect(events.map(({ type }) => type)).toEqual(["token-saved", ...(clientId === "without" ? ["no-refresh-token"] : [])]);
  },
);
