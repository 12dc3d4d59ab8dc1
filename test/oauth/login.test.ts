import { createTokenCache, memoryStore, systemClock } from "@tokenflight/core";
import {
  clientSecretBasic,
  createOAuthClient,
  noClientAuth,
  sharedLogin,
  type DeviceProgress,
  type DevicePrompt,
  type OAuthClient,
} from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import { beforeEach, describe, expect, it } from "vitest";
import { clients, tokenErrorIn } from "../clients/clients.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { nativeClient } from "./native-client.ts";

const web = { clientId: "web-app", clientSecret: "s-e_c.r~e+t/100%&more:or=less" };

/** A machine that has much else to do may take so long. */
const busyMachine = { timeout: 10_000 };

let server: AuthorizationServer;
let client: OAuthClient;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [web, nativeClient] });
  client = createOAuthClient({ issuer: server.issuer, clientId: web.clientId, clientAuth: clientSecretBasic(web.clientSecret) });
  return () => server.close();
});

const scope = "openid read write";
const consent = { prompt: "consent" };

async function begin(): Promise<Awaited<ReturnType<OAuthClient["authorizationUrl"]>>> {
  return client.authorizationUrl({ redirectUri: server.client.redirectUri, scope, parameters: consent });
}

describe("a login with discovery, PKCE, iss, nonce and a signed id token", () => {
  it.each(clients)("gives $name a user's tokens, which are refreshed and rotate", async ({ connect }) => {
    await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
    const { url, pending } = await begin();
    // As a session does.
    const kept = JSON.parse(JSON.stringify(pending)) as typeof pending;
    const tokens = createTokenCache({ source: client.refreshToken() });
    const first = await tokens.save(await client.exchangeCallback(await server.visit(url), kept));
    expect(first).toMatchObject({ scope, idToken: expect.stringMatching(/^ey/) });

    const send = connect(tokens, api.origin);
    expect((await send({})).status).toBe(200);
    server.revokeAccessToken(first.accessToken);
    expect((await send({ method: "POST", body: "order" })).status).toBe(200);
    expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 0 });
  });

  it("ends with the path that a server sees, too", async () => {
    const { url, pending } = await begin();
    const { pathname, search } = new URL(await server.visit(url));
    expect((await client.exchangeCallback(pathname + search, pending)).refreshToken).toEqual(expect.any(String));
  });

  it("serves once, and the code is not sent a second time", async () => {
    const { url, pending } = await begin();
    const callback = await server.visit(url);
    await client.exchangeCallback(callback, pending);
    await expect(client.exchangeCallback(callback, pending)).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "used" });
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
  });

  it("the code is worth nothing without the verifier", async () => {
    const mine = await begin();
    const other = await begin();
    const callback = await server.visit(mine.url);
    const stolen = { ...mine.pending, codeVerifier: other.pending.codeVerifier };
    await expect(client.exchangeCallback(callback, stolen)).rejects.toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
      error: "invalid_grant",
    });
  });

  it("the id token of another login is refused", async () => {
    const mine = await begin();
    const callback = await server.visit(mine.url);
    const mixedUp = { ...mine.pending, nonce: "another" };
    await expect(client.exchangeCallback(callback, mixedUp)).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "id-token" });
  });

  it("a refusal of the server is its error", async () => {
    const { url, pending } = await client.authorizationUrl({
      redirectUri: server.client.redirectUri,
      scope,
      parameters: { prompt: "none" },
    });
    const callback = await server.visit(url);
    const failing = client.exchangeCallback(callback, pending);
    await expect(failing).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "refused", error: "login_required" });
  });
});

it("logs in on the command line, on whatever port", async () => {
  const cli = createOAuthClient({ issuer: server.issuer, clientId: nativeClient.clientId, clientAuth: noClientAuth() });
  const pages: string[] = [];
  const browse = async (url: string): Promise<void> => {
    const page = await fetch(await server.visit(url));
    pages.push(await page.text());
  };
  const tokenSet = await loopbackLogin(cli, {
    scope,
    parameters: consent,
    open: (url) => void browse(url),
  });
  expect(server.isActive(tokenSet.accessToken)).toBe(true);
  await expect.poll(() => pages.join(""), busyMachine).toContain("Logged in");
});

/** Waits a fiftieth of what it is asked to. */
const quickClock = {
  monotonic: () => systemClock.monotonic(),
  schedule: (callback: () => void, delay: number) => systemClock.schedule(callback, delay / 50, true),
};

it.each(clients)("logs in on another device, and $name goes on with the tokens", async ({ connect }) => {
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  const told: DeviceProgress[] = [];
  const shown = Promise.withResolvers<string>();
  const login = client.deviceLogin({
    scope,
    clock: quickClock,
    show({ userCode, verificationUri }) {
      expect(verificationUri).toBe(`${server.issuer}/device`);
      shown.resolve(userCode);
    },
    progress: (progress) => told.push(progress),
  });
  const userCode = await shown.promise;
  // The user takes a while.
  await expect.poll(() => told.length, busyMachine).toBeGreaterThan(1);
  await server.enterUserCode(userCode);
  const tokens = createTokenCache({ source: client.refreshToken() });
  const first = await tokens.save(await login);
  expect(first).toMatchObject({ scope, refreshToken: expect.any(String) });
  expect(told.every(({ state }) => state === "pending")).toBe(true);

  const send = connect(tokens, api.origin);
  server.revokeAccessToken(first.accessToken);
  expect((await send({ method: "POST", body: "order" })).status).toBe(200);
  expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 0 });
});

it("of two that ask at once, one logs in on another device, and both have the tokens", async () => {
  const store = memoryStore();
  const prompts: DevicePrompt[] = [];
  let waiting = 0;
  const logIn = () => {
    const tokens = createTokenCache({ source: client.refreshToken(), store, key: "alice" });
    const show = (prompt: DevicePrompt): void => void prompts.push(prompt);
    const work = (signal: AbortSignal) => client.deviceLogin({ scope, show, signal, clock: quickClock });
    return sharedLogin(store, "alice", work, { tokens, waiting: () => (waiting += 1) });
  };
  const logins = Promise.all([logIn(), logIn()]);
  await expect.poll(() => prompts.length + waiting, busyMachine).toBe(2);
  const { userCode, expiresAt, verificationUriComplete = "" } = prompts[0] as DevicePrompt;
  expect(expiresAt).toBeGreaterThan(Date.now());
  expect(new URL(verificationUriComplete).searchParams.get("user_code")).toBe(userCode);
  await server.enterUserCode(userCode);

  const [first, second] = await logins;
  expect(second.accessToken).toBe(first.accessToken);
  expect(prompts).toHaveLength(1);
});

describe("a logout", () => {
  it("revokes a token set, and the server tells of its tokens before and after", async () => {
    const { url, pending } = await begin();
    const tokenSet = await client.exchangeCallback(await server.visit(url), pending);
    const refresh = tokenSet.refreshToken ?? "";
    expect(await client.introspect(tokenSet.accessToken)).toMatchObject({ active: true, client_id: web.clientId, token_type: "Bearer" });
    expect(await client.introspect(refresh, { hint: "refresh_token" })).toMatchObject({ active: true });
    await client.revoke(tokenSet);
    await client.revoke(tokenSet);
    expect(await client.introspect(tokenSet.accessToken)).toMatchObject({ active: false });
    expect(await client.introspect(refresh)).toMatchObject({ active: false });
  });

  it.each(clients)("of a token cache ends the session everywhere, and $name is told that a login is required", async ({ connect }) => {
    await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
    const { url, pending } = await begin();
    const tokens = createTokenCache({ source: client.refreshToken() });
    const { accessToken, refreshToken = "" } = await tokens.save(await client.exchangeCallback(await server.visit(url), pending));
    const send = connect(tokens, api.origin);
    expect((await send({})).status).toBe(200);

    await tokens.forget({ revoke: true });

    expect(server.isActive(accessToken)).toBe(false);
    expect(await client.introspect(refreshToken)).toMatchObject({ active: false });
    expect(tokenErrorIn(await send({}).catch((error: unknown) => error))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
  });

  it("in the middle of a refresh leaves nothing alive of what that brings", async () => {
    const { url, pending } = await begin();
    const tokens = createTokenCache({ source: client.refreshToken() });
    const first = await tokens.save(await client.exchangeCallback(await server.visit(url), pending));
    const carriedOut = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    server.faults.next(async (_request, carryOut) => {
      const given = await carryOut();
      carriedOut.resolve();
      await answer.promise;
      return given;
    });
    const renewed = tokens.renew(first);
    await carriedOut.promise;
    const logout = tokens.forget({ revoke: true });
    answer.resolve();
    const second = await renewed;
    await logout;
    expect([server.isActive(second.accessToken), tokens.peek()]).toEqual([false, undefined]);
    expect(await client.introspect(second.refreshToken ?? "")).toMatchObject({ active: false });
  });

  it("that the server does not hear of is told, and the tokens are forgotten all the same", async () => {
    const { url, pending } = await begin();
    const deaf = createOAuthClient({
      issuer: server.issuer,
      clientId: web.clientId,
      clientAuth: clientSecretBasic(web.clientSecret),
      revocationEndpoint: `${server.origin}/nowhere`,
    });
    const tokens = createTokenCache({ source: deaf.refreshToken() });
    await tokens.save(await deaf.exchangeCallback(await server.visit(url), pending));
    await expect(tokens.forget({ revoke: true })).rejects.toMatchObject({ name: "TokenRequestError", status: 404 });
    expect(tokens.peek()).toBeUndefined();
  });
});
