import { createTokenCache, createTokenPool, type TokenCache, type TokenSource } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, type OAuthClient } from "@tokenflight/oauth";
import { installationFrom, sessionIdOf, talkdesk, type Installation } from "@tokenflight/oauth/talkdesk";
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
  return createOAuthClient({ ...service.client, clientId: server.client.clientId, clientAuth: service.basic(server.client.clientSecret) });
}

function install(account = "starship"): Installation {
  return installationFrom(server.install(account));
}

function cacheOf(installation: Installation): TokenCache {
  return createTokenCache({ source: createOAuthClient(installation.client).clientCredentials(), ...installation.cache });
}

describe("the three grants", () => {
  it.each(["Basic", "a signed JWT"])("with %s", async (way) => {
    const installation = install();
    const client = way === "Basic" ? basicClient() : createOAuthClient(installation.client);
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

it("an STS token goes on the request without the word Bearer", async () => {
  const seen: (string | undefined)[] = [];
  await using sts = await startLoopback(() => (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(server.isActive(request.headers.authorization ?? "") ? 200 : 401).end();
  });
  const service = talkdesk({ identityOrigin: server.origin, apiOrigin: sts.origin });
  const tokens = createTokenCache({ source: basicClient().clientCredentials() });
  const send = bearer(tokens, service.sts)(globalThis.fetch);
  expect((await send(`${sts.origin}/reports`)).status).toBe(200);
  expect(seen).toEqual([(await tokens.get()).accessToken]);
});

it("Advanced Dialer's own way to refuse a token gets the request a new one", async () => {
  await using dialer = await startLoopback(() => (request, response) => {
    const isActive = server.isActive(request.headers.authorization?.replace("Bearer ", "") ?? "");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(isActive ? { statusCode: 0, payload: "ok" } : { statusCode: 3, message: "no", payload: null }));
  });
  const service = talkdesk({ identityOrigin: server.origin, apiOrigin: dialer.origin });
  const tokens = createTokenCache({ source: basicClient().clientCredentials() });
  const send = bearer(tokens, service.advancedDialer)(globalThis.fetch);
  server.revokeAccessToken((await tokens.get()).accessToken);
  expect(await (await send(`${dialer.origin}/campaigns`)).json()).toEqual({ statusCode: 0, payload: "ok" });
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

describe("an AppConnect installation", () => {
  it.each(clients)("is rotated under load through $name, and no request fails", async ({ connect }) => {
    const installation = install();
    const tokens = cacheOf(installation);
    const send = connect(tokens, api.origin);
    const load = { on: true };
    const work = async (statuses: number[]): Promise<void> => {
      while (load.on) statuses.push((await send({})).status);
    };
    const answers = Array.from({ length: 8 }, (): number[] => []);
    const workers = answers.map(work);
    /** A request is replayed once: the token it was replayed with must live until then. */
    const everybodyWasAnswered = async (): Promise<void> => {
      const enough = answers.map(({ length }) => length + 2);
      await expect.poll(() => answers.every(({ length }, index) => length >= (enough[index] ?? 0))).toBe(true);
    };
    for (const round of [1, 2, 3, 4]) {
      server.revokeAccessToken((await tokens.get()).accessToken);
      const event = server.rotate(installation.id);
      expect(installation.rotate(event)).toBe(true);
      await expect.poll(() => server.stats.tokensIssued).toBeGreaterThan(round);
      const acknowledge = bearer(tokens, { origins: [server.origin] })(globalThis.fetch);
      expect(await installation.acknowledge(acknowledge)).toBe(true);
      expect(await installation.acknowledge(acknowledge)).toBe(false);
      await everybodyWasAnswered();
    }
    load.on = false;
    await Promise.all(workers);
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    expect(server.requests.filter(({ answered }) => answered !== 200)).toEqual([]);
  });

  it("falls back on the old credentials while the new ones are not known yet", async () => {
    const installation = install();
    const tokens = cacheOf(installation);
    const event = server.rotate(installation.id);
    const hidden = server.clients.findIndex(({ clientId }) => clientId === event.data.client_id);
    const [client] = (server.clients as (typeof server.client)[]).splice(hidden, 1);
    installation.rotate(event);
    expect(server.isActive((await tokens.get()).accessToken)).toBe(true);
    expect(server.requests.map(({ answered }) => answered)).toEqual([401, 200]);
    expect(client).toBeDefined();
  });

  it("after a compromise goes on with the new credentials alone", async () => {
    const installation = install();
    const tokens = cacheOf(installation);
    const first = await tokens.get();
    installation.rotate(server.rotate(installation.id, { compromised: true }), { compromised: true });
    await tokens.renew(first);
    expect(server.requests.map(({ answered }) => answered)).toEqual([200, 200]);
  });

  it("keeps its users' sessions over a rotation, until the credentials that they began with are over", async () => {
    const installation = install();
    const client = createOAuthClient(installation.client);
    const tokens = createTokenCache({ source: client.refreshToken(), ...installation.cache });
    const owner = server.clients.at(-1);
    await tokens.save(await client.exchangeCode(await server.authorize(owner === undefined ? {} : { client: owner })));
    installation.rotate(server.rotate(installation.id));
    for (let turn = 0; turn < 2; turn += 1) await tokens.renew(await tokens.get());
    expect(server.stats).toMatchObject({ tokenRequests: { refresh_token: 4 }, refreshTokenReuses: 0 });
    installation.rotate(server.rotate(installation.id, { compromised: true }), { compromised: true });
    await expect(tokens.renew(await tokens.get())).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  });

  it("ends a login that was begun with the credentials before", async () => {
    const installation = install();
    const client = createOAuthClient(installation.client);
    const redirectUri = `${server.origin}/callback`;
    const { url, pending } = await client.authorizationUrl({ redirectUri, scope: "openid account:read" });
    const callback = (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "";
    installation.rotate(server.rotate(installation.id));
    const tokens = await client.exchangeCallback(callback, pending);
    expect(sessionIdOf(tokens)).toEqual(expect.any(String));
    expect(server.requests.map(({ form, answered }) => [form.get("client_id"), answered])).toEqual([[pending.clientId, 200]]);
  });

  it("is one of a thousand in a pool, each with its own tokens", async () => {
    const installations = new Map(Array.from({ length: 1000 }, (_, index) => install(`account-${index}`)).map((one) => [one.id, one]));
    const source = (id: string): TokenSource => createOAuthClient((installations.get(id) as Installation).client).clientCredentials();
    const pool = createTokenPool({ source });
    const sets = await Promise.all([...installations.keys()].map((id) => pool.for(id).get()));
    expect(new Set(sets.map(({ accessToken }) => accessToken)).size).toBe(1000);
    expect(new Set(server.requests.map(({ form }) => form.get("client_id"))).size).toBe(1000);
    expect(server.requests).toHaveLength(1000);
  }, 60_000);
});
