import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as bearerForGot } from "@tokenflight/got";
import { bearer as bearerForKy } from "@tokenflight/ky";
import { createOAuthClient, type OAuthClient } from "@tokenflight/oauth";
import { installationFrom, sessionIdOf, talkdesk, type Talkdesk } from "@tokenflight/oauth/talkdesk";
import axios from "axios";
import got from "got";
import ky from "ky";
import { beforeEach, describe, expect, it } from "vitest";
import { clients } from "../clients/clients.ts";
import { startLoopback } from "../servers/loopback.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { startTalkdeskServer, type TalkdeskServer } from "../servers/talkdesk-server.ts";
import { beforeUse } from "../servers/token-endpoint-faults.ts";

let server: TalkdeskServer;
let api: ResourceApi;

beforeEach(async () => {
  server = await startTalkdeskServer();
  api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  return async () => {
    await api.close();
    await server.close();
  };
});

function basicClient(): OAuthClient {
  const service = talkdesk({ identityOrigin: server.origin, apiOrigin: api.origin });
  return createOAuthClient({ ...service.oauth, clientId: server.client.clientId, clientAuth: service.basic(server.client.clientSecret) });
}

describe("the three grants", () => {
  it.each(["Basic", "a signed JWT"])("with %s", async (way) => {
    const installation = installationFrom(server.install("starship"));
    const client = way === "Basic" ? basicClient() : createOAuthClient(installation.oauth);
    const user = way === "Basic" ? server.client : server.clients.at(-1);

    const account = await createTokenCache({ source: client.clientCredentials({ scope: "account:read" }) }).get();
    expect(account.scope).toBe("account:read");

    const tokens = createTokenCache({ source: client.refreshToken() });
    const login = await server.authorize({ scope: "openid account:read", ...(user === undefined ? {} : { client: user }) });
    const first = await tokens.save(await client.exchangeCode(login));
    const second = await tokens.renew(first);
    expect(sessionIdOf(second)).toBe(sessionIdOf(first));
    expect(second.refreshToken).not.toBe(first.refreshToken);

    const ways = server.requests.map(
      ({ headers, form }) => (headers.authorization === undefined ? "jwt" : "basic") + form.has("client_assertion"),
    );
    expect(new Set(ways)).toEqual(new Set([way === "Basic" ? "basicfalse" : "jwttrue"]));
    expect(server.stats.tokenRequests).toEqual({ client_credentials: 1, authorization_code: 1, refresh_token: 1 });
  });
});

it.each(clients)("an STS token goes on a request of $name without the word Bearer", async ({ connect }) => {
  const seen: (string | undefined)[] = [];
  await using sts = await startLoopback(() => (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(server.isActive(request.headers.authorization ?? "") ? 200 : 401).end();
  });
  const service = talkdesk({ identityOrigin: server.origin, apiOrigin: sts.origin });
  const tokens = createTokenCache({ source: basicClient().clientCredentials() });
  const send = connect(tokens, sts.origin, service.sts);
  const first = await tokens.get();
  expect((await send({ path: "/reports" })).status).toBe(200);
  server.revokeAccessToken(first.accessToken);
  expect((await send({ path: "/reports" })).status).toBe(200);
  expect(seen).toEqual([first.accessToken, first.accessToken, (await tokens.get()).accessToken]);
});

describe("Advanced Dialer's own way to refuse a token gets the request a new one", () => {
  type Get = (url: string, tokens: TokenCache, options: Talkdesk["advancedDialer"]) => Promise<unknown>;

  it.each<[string, Get]>([
    [
      "axios",
      async (url, tokens, options) => {
        const instance = axios.create();
        attachBearer(instance, tokens, options);
        return (await instance.get<unknown>(url)).data;
      },
    ],
    ["got", (url, tokens, options) => got.extend(bearerForGot(tokens, options)).get(url).json()],
    ["ky", (url, tokens, options) => ky.extend(bearerForKy(tokens, options)).get(url).json()],
    ["fetch", async (url, tokens, options) => (await bearer(tokens, options)(globalThis.fetch)(url)).json()],
  ])("through %s", async (_, get) => {
    await using dialer = await startLoopback(() => (request, response) => {
      const isActive = server.isActive(request.headers.authorization?.replace("Bearer ", "") ?? "");
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(isActive ? { statusCode: 0, payload: "ok" } : { statusCode: 3, message: "no", payload: null }));
    });
    const service = talkdesk({ identityOrigin: server.origin, apiOrigin: dialer.origin });
    const tokens = createTokenCache({ source: basicClient().clientCredentials() });
    server.revokeAccessToken((await tokens.get()).accessToken);
    expect(await get(`${dialer.origin}/campaigns`, tokens, service.advancedDialer)).toEqual({ statusCode: 0, payload: "ok" });
    expect(server.stats.tokensIssued).toBe(2);
  });
});

it("a 401 after a scope change passes: the session goes on", async () => {
  const client = basicClient();
  const tokens = createTokenCache({ source: client.refreshToken() });
  const first = await tokens.save(await client.exchangeCode(await server.authorize()));
  const body = JSON.stringify({ error: "invalid_grant", error_description: "Not yet." });
  server.faults.next(beforeUse({ status: 401, headers: { "content-type": "application/json" }, body }));
  await expect(tokens.renew(first)).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", status: 401 });
  await expect.poll(() => tokens.renew(first).catch(() => first), { timeout: 10_000 }).not.toBe(first);
});
