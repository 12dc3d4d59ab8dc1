import { createTokenCache, type TokenCache, type TokenSource } from "@tokenflight/core";
import { createOAuthClient } from "@tokenflight/oauth";
import { sessionIdOf, talkdesk } from "@tokenflight/oauth/talkdesk";
import { describe, expect, it } from "vitest";
import { clients, tokenErrorIn } from "../clients/clients.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { startTalkdeskServer, type TalkdeskServer } from "../servers/talkdesk-server.ts";

interface Service extends AsyncDisposable {
  readonly server: TalkdeskServer;
  readonly api: ResourceApi;
  readonly client: ReturnType<typeof createOAuthClient>;
}

async function startService(secret?: string): Promise<Service> {
  const server = await startTalkdeskServer();
  const api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  const { clientId, clientSecret } = server.client;
  const { oauth, basic } = talkdesk({ identityOrigin: server.origin, apiOrigin: api.origin });
  const client = createOAuthClient({ ...oauth, clientId, clientAuth: basic(secret ?? clientSecret) });
  return {
    server,
    api,
    client,
    async [Symbol.asyncDispose]() {
      await api.close();
      await server.close();
    },
  };
}

async function logIn({ server, client }: Service, source: TokenSource): Promise<TokenCache> {
  const tokens = createTokenCache({ source });
  const { code, redirectUri } = await server.authorize({ scope: "openid account:read", state: "s", nonce: "n" });
  await tokens.save(await client.exchangeCode({ code, redirectUri }));
  return tokens;
}

describe.each(clients)("$name", ({ connect }) => {
  it("authorization code: the user's token, with session id and id token", async () => {
    await using service = await startService();
    const tokens = await logIn(service, service.client.refreshToken());

    expect((await connect(tokens, service.api.origin)({})).status).toBe(200);

    const set = await tokens.get();
    expect(set).toMatchObject({ tokenType: "Bearer", scope: "openid account:read" });
    expect(sessionIdOf(set)).toEqual(expect.any(String));
    expect(set.idToken?.split(".")).toHaveLength(3);
    expect(service.server.requests[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it("refresh token: single use, and session id and id token are kept over refreshes", async () => {
    await using service = await startService();
    const { server, api, client } = service;
    const tokens = await logIn(service, client.refreshToken());
    const send = connect(tokens, api.origin);
    const first = await tokens.get();

    for (let turn = 0; turn < 3; turn += 1) {
      server.revokeAccessToken((await tokens.get()).accessToken);
      expect((await send({ method: "POST", body: "contact" })).status).toBe(200);
    }

    const last = await tokens.get();
    expect(sessionIdOf(last)).toBe(sessionIdOf(first));
    expect(last.idToken).toBe(first.idToken);
    expect(last.refreshToken).not.toBe(first.refreshToken);
    expect(server.stats).toMatchObject({ tokenRequests: { authorization_code: 1, refresh_token: 3 }, refreshTokenReuses: 0 });
  });

  it("client credentials: an account's token, with every scope that the client was granted", async () => {
    await using service = await startService();
    const { server, api, client } = service;
    const tokens = createTokenCache({ source: client.clientCredentials() });

    expect((await connect(tokens, api.origin)({})).status).toBe(200);

    const set = await tokens.get();
    expect(set.scope?.split(" ")).toEqual(expect.arrayContaining(["account:read", "contacts:read"]));
    expect(set.refreshToken).toBeUndefined();
    expect((set.expiresAt ?? 0) - set.issuedAt).toBe(600_000);
    expect(server.stats.tokenRequests).toEqual({ client_credentials: 1 });
  });

  it("a scope that was just added: a 401 of the token endpoint passes, and the credentials are not given up", async () => {
    await using service = await startService();
    const { server, api, client } = service;
    const tokens = createTokenCache({ source: client.clientCredentials() });
    const send = connect(tokens, api.origin);
    const before = await tokens.get();
    server.revokeAccessToken(before.accessToken);
    const settle = server.addScope(server.client, "reports:read");
    // The caller gets the API's own 401, because there is no other token to be had.
    expect((await send({})).status).toBe(401);
    settle();
    await expect.poll(async () => (await send({})).status, { timeout: 10_000 }).toBe(200);
    expect((await tokens.get()).scope?.split(" ")).toContain("reports:read");
    expect(before.scope?.split(" ")).not.toContain("reports:read");
  });

  it("a 401 of the token endpoint is a typed error with error and error_description", async () => {
    await using service = await startService("not the secret");
    const tokens = createTokenCache({ source: service.client.clientCredentials() });

    const thrown = await connect(tokens, service.api.origin)({}).catch((error: unknown) => error);

    expect(tokenErrorIn(thrown)).toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
      status: 401,
      error: "invalid_client",
      errorDescription: expect.any(String),
    });
  });

  it("a 400 of the token endpoint is a typed error with error and error_description", async () => {
    await using service = await startService();
    const tokens = createTokenCache({ source: service.client.clientCredentials({ scope: "no:such" }) });

    const thrown = await connect(tokens, service.api.origin)({}).catch((error: unknown) => error);

    expect(tokenErrorIn(thrown)).toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
      status: 400,
      error: "invalid_scope",
      errorDescription: expect.any(String),
    });
  });
});

it("a code works once: the second exchange is refused with invalid_grant", async () => {
  await using service = await startService();
  const { server, client } = service;
  const login = await server.authorize({ scope: "account:read" });
  await client.exchangeCode(login);

  await expect(client.exchangeCode(login)).rejects.toMatchObject({
    code: "ERR_TOKEN_REQUEST_REFUSED",
    status: 400,
    error: "invalid_grant",
  });
});
