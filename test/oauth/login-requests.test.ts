import { memoryStore, systemClock, type TokenSet } from "@tokenflight/core";
import {
  clientSecretBasic,
  createLogin,
  createOAuthClient,
  noClientAuth,
  type OAuthClient,
  type OAuthClientOptions,
} from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { startAuthorizationServer, type AuthorizationServer, type AuthorizationServerOptions } from "../servers/authorization-server.ts";
import { CookieJar } from "../servers/cookie-jar.ts";
import { nativeClient } from "./native-client.ts";

const web = { clientId: "web-app", clientSecret: "s-e_c.r~e+t/100%&more:or=less" };
const [orders, invoices, mail] = ["https://orders.example/", "https://invoices.example/", "https://mail.example/"] as const;
const consent = { prompt: "consent" };

interface Setting {
  readonly server: AuthorizationServer;
  readonly client: OAuthClient;
  readonly native: OAuthClient;
}

async function start(server: AuthorizationServerOptions = {}, options: Partial<OAuthClientOptions> = {}): Promise<Setting> {
  const started = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [web, nativeClient], ...server });
  onTestFinished(() => started.close());
  const { issuer } = started;
  return {
    server: started,
    client: createOAuthClient({ issuer, clientId: web.clientId, clientAuth: clientSecretBasic(web.clientSecret), ...options }),
    native: createOAuthClient({ issuer, clientId: nativeClient.clientId, clientAuth: noClientAuth(), ...options }),
  };
}

/** Follows redirects to wherever they lead, and carries cookies. */
async function browse(url: string): Promise<void> {
  const cookies = new CookieJar();
  for (let next: string | undefined = url; next !== undefined;) {
    const response: Response = await fetch(next, { redirect: "manual", headers: { cookie: cookies.header } });
    await response.text();
    cookies.take(response);
    const location = response.headers.get("location");
    next = location === null ? undefined : new URL(location, next).href;
  }
}

/** The ways to begin a login with a browser. */
const ways = [
  ["in the URL", {}, {}],
  ["pushed, because the metadata requires it", { requirePushedRequests: true }, {}],
  ["pushed, because the program wants it", {}, { pushAuthorizationRequests: true }],
] as const;

describe.each(ways)("a login whose request goes %s", (way, serverOptions, options) => {
  it.each([
    ["read", false],
    ["openid read", true],
  ])("with the scope %j has a nonce: %s (field line 106)", async (scope, hasNonce) => {
    const { server, client } = await start(serverOptions, options);
    const { url, pending } = await client.authorizationUrl({ redirectUri: server.client.redirectUri, scope, parameters: consent });
    expect(pending.nonce !== undefined).toBe(hasNonce);
    const given = await client.exchangeCallback(await server.visit(url), pending);
    expect([server.isActive(given.accessToken), given.idToken !== undefined]).toEqual([true, hasNonce]);
  });

  it("shows the browser no more than that takes", async () => {
    const { server, client } = await start(serverOptions, options);
    const before = Date.now();
    const { url, openBefore } = await client.authorizationUrl({ redirectUri: server.client.redirectUri, scope: "openid read" });
    const names = [...new URL(url).searchParams.keys()];
    if (way === "in the URL") {
      expect([names.includes("state"), openBefore]).toEqual([true, undefined]);
    } else {
      expect(names.toSorted()).toEqual(["client_id", "request_uri"]);
      expect(openBefore).toBeGreaterThan(before);
    }
  });

  it("for one API gives an access token for that one (field line 106)", async () => {
    const { server, client } = await start({ ...serverOptions, resources: [orders, invoices] }, options);
    const { url, pending } = await client.authorizationUrl({
      redirectUri: server.client.redirectUri,
      scope: "openid read",
      resource: orders,
      parameters: consent,
    });
    const { accessToken } = await client.exchangeCallback(await server.visit(url), pending);
    expect(server.audienceOf(accessToken)).toBe(orders);
  });

  it("for several APIs chooses the first access token's, and the login gives those of the others (field line 106)", async () => {
    const { server, client } = await start({ ...serverOptions, resources: [orders, invoices, mail] }, options);
    const { url, pending } = await client.authorizationUrl({
      redirectUri: server.client.redirectUri,
      scope: "openid read",
      resource: [orders, invoices],
      parameters: consent,
    });
    const first = await client.exchangeCallback(await server.visit(url), pending, { resource: invoices });
    expect(server.audienceOf(first.accessToken)).toBe(invoices);
    await using login = createLogin({ client, store: memoryStore(), key: "user" });
    await login.save(first);
    expect(server.audienceOf((await login.for({ resource: orders }).get()).accessToken)).toBe(orders);
    await expect(login.for({ resource: mail }).get()).rejects.toMatchObject({ error: "invalid_target" });
  });

  it("on the command line chooses, too (field line 106)", async () => {
    const { server, native } = await start({ ...serverOptions, resources: [orders, invoices] }, options);
    const { accessToken } = await loopbackLogin(native, {
      scope: "openid read",
      resource: [orders, invoices],
      exchange: { resource: orders },
      parameters: consent,
      open: (url) => browse(url),
    });
    expect(server.audienceOf(accessToken)).toBe(orders);
  });
});

it("a server that gives an access token for one API only says so when several are wanted at once", async () => {
  const { server, client } = await start({ resources: [orders, invoices] });
  const { url, pending } = await client.authorizationUrl({
    redirectUri: server.client.redirectUri,
    scope: "openid read",
    resource: [orders, invoices],
    parameters: consent,
  });
  await expect(client.exchangeCallback(await server.visit(url), pending)).rejects.toMatchObject({
    code: "ERR_TOKEN_REQUEST_REFUSED",
    error: "invalid_target",
  });
});

it.each([
  ["the one API", { resource: orders }],
  ["one of two APIs", { resource: [orders, invoices], exchange: { resource: orders } }],
])("a login on another device is for %s that it names (field line 106)", async (_, apis) => {
  const { server, client } = await start({ resources: [orders, invoices] });
  const clock = {
    monotonic: () => systemClock.monotonic(),
    schedule: (callback: () => void, delay: number) => systemClock.schedule(callback, delay / 100, true),
  };
  const login: Promise<TokenSet> = client.deviceLogin({
    scope: "openid read",
    ...apis,
    clock,
    show: ({ userCode }) => server.enterUserCode(userCode),
  });
  expect(server.audienceOf((await login).accessToken)).toBe(orders);
});
