import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { startAuthorizationServer, type AuthorizationServer } from "./authorization-server.ts";
import { afterUse, beforeUse } from "./token-endpoint-faults.ts";
import { formEncodedBasic, rawBasic, requestToken, type TokenAnswer } from "./request-token.ts";

// From the beginning: oidc-provider prints each of its notices once.
const prints = [vi.spyOn(console, "info"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
let server: AuthorizationServer;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 30 });
});

afterEach(() => server.close());

const ask = (form: Record<string, string>, authorization = formEncodedBasic(server.client)): Promise<TokenAnswer> =>
  requestToken(server.tokenEndpoint, authorization, form);

const refresh = (refreshToken: string): Promise<TokenAnswer> => ask({ grant_type: "refresh_token", refresh_token: refreshToken });

async function newFamily(scope?: string): Promise<TokenAnswer> {
  const { code, codeVerifier, redirectUri } = await server.login(scope === undefined ? {} : { scope });
  return ask({ grant_type: "authorization_code", code, code_verifier: codeVerifier, redirect_uri: redirectUri });
}

it("gives tokens for a login over HTTP", async () => {
  const tokens = await newFamily();
  expect(tokens.status).toBe(200);
  expect(tokens.body).toEqual({
    access_token: expect.any(String),
    refresh_token: expect.any(String),
    id_token: expect.any(String),
    token_type: "Bearer",
    expires_in: 30,
    scope: "openid read write",
  });
  expect(server.isActive(tokens.accessToken)).toBe(true);
  expect(server.isActive(tokens.refreshToken)).toBe(false);
});

it("gives a refresh token, and no id token, for a login that is not about identity", async () => {
  const { body } = await newFamily("read");
  expect(body).toMatchObject({ refresh_token: expect.any(String), scope: "read" });
  expect(body).not.toHaveProperty("id_token");
});

it("wants the verifier of the login", async () => {
  const { code, redirectUri } = await server.login();
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri };
  expect((await ask({ ...form, code_verifier: "x".repeat(43) })).body.error).toBe("invalid_grant");
  expect((await ask(form)).body.error).toBe("invalid_grant");
});

it("prints nothing, whatever it does", async () => {
  const tokens = await newFamily("openid offline_access read");
  await refresh(tokens.refreshToken);
  await refresh(tokens.refreshToken);
  await ask({ grant_type: "client_credentials" }, "Basic wrong");
  await fetch(server.authorizationEndpoint);
  expect(prints.flatMap(({ mock }) => mock.calls)).toEqual([]);
});

it("tells a login why it is refused", async () => {
  await expect(server.login({ client: { ...server.client, clientId: "stranger" } })).rejects.toThrow("invalid_client");
});

it("takes a form-encoded pair and refuses the raw one", async () => {
  const form = { grant_type: "client_credentials", scope: "read" };
  const tokens = await ask(form);
  expect(tokens.body).toEqual({ access_token: expect.any(String), expires_in: 30, token_type: "Bearer", scope: "read" });
  expect(server.isActive(tokens.accessToken)).toBe(true);
  expect((await ask(form, rawBasic(server.client))).status).toBe(400);
  expect((await ask(form, rawBasic({ ...server.client, clientSecret: "wrong" }))).body.error).toBe("invalid_client");
});

it("lets a refresh token be used again within the grace time, and no longer", async () => {
  await server.close();
  server = await startAuthorizationServer({ graceTime: 60 });
  const now = vi.spyOn(Date, "now");
  const { refreshToken } = await newFamily();
  const first = await refresh(refreshToken);
  const second = await refresh(refreshToken);
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(server.isActive(first.accessToken)).toBe(true);
  expect((await refresh(first.refreshToken)).status).toBe(200);
  expect(server.stats.familiesRevoked).toBe(0);

  const { refreshToken: late } = await newFamily();
  await refresh(late);
  const used = Date.now();
  now.mockImplementation(() => used + 61_000);
  expect((await refresh(late)).body.error).toBe("invalid_grant");
  expect(server.stats.familiesRevoked).toBe(1);
  now.mockRestore();
});

it("rotates at every use, and a second use kills the family", async () => {
  const first = await newFamily();
  const second = await refresh(first.refreshToken);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect([first, second].map(({ accessToken }) => server.isActive(accessToken))).toEqual([true, true]);
  const other = await newFamily();

  expect((await refresh(first.refreshToken)).body.error).toBe("invalid_grant");
  expect((await refresh(second.refreshToken)).body.error).toBe("invalid_grant");
  expect([first, second, other].map(({ accessToken }) => server.isActive(accessToken))).toEqual([false, false, true]);
  expect(server.stats).toEqual({
    tokenRequests: { authorization_code: 2, refresh_token: 3 },
    tokensIssued: 3,
    refreshes: 1,
    refreshTokenReuses: 1,
    familiesRevoked: 1,
  });
});

it("lets one of ten refreshes at a time win, and not for long", async () => {
  const { refreshToken } = await newFamily();
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
  const won = answers.filter(({ status }) => status === 200);
  expect(won).toHaveLength(1);
  expect(server.isActive(won[0]?.accessToken ?? "")).toBe(false);
  expect(server.stats.familiesRevoked).toBe(1);
});

it("leaves refresh tokens as they are when told to", async () => {
  await server.close();
  server = await startAuthorizationServer({ rotate: "never" });
  const { refreshToken } = await newFamily();
  const answers = [await refresh(refreshToken), await refresh(refreshToken)];
  expect(answers.map((answer) => answer.refreshToken)).toEqual([refreshToken, refreshToken]);
  expect(server.stats.refreshTokenReuses).toBe(0);
});

it("ends an access token after its lifetime, not before, and says so by introspection", async () => {
  await server.close();
  server = await startAuthorizationServer({ accessTokenLifetime: 1 });
  const introspect = async (token: string): Promise<unknown> => {
    const headers = { authorization: formEncodedBasic(server.client) };
    const response = await fetch(server.introspectionEndpoint, { method: "POST", headers, body: new URLSearchParams({ token }) });
    return ((await response.json()) as { active: unknown }).active;
  };
  // At the end of a second of the clock, where whole seconds would end it at once.
  await sleep(900 - (Date.now() % 1000) + (Date.now() % 1000 > 900 ? 1000 : 0));
  const { accessToken } = await ask({ grant_type: "client_credentials" });
  await sleep(500);
  expect([server.isActive(accessToken), await introspect(accessToken)]).toEqual([true, true]);
  await sleep(550);
  expect([server.isActive(accessToken), await introspect(accessToken)]).toEqual([false, false]);
});

it("revokes one access token or a whole family on request", async () => {
  const first = await newFamily();
  expect(server.revokeAccessToken(first.accessToken)).toBe(true);
  expect(server.isActive(first.accessToken)).toBe(false);
  const second = await refresh(first.refreshToken);
  expect(second.status).toBe(200);
  expect(server.revokeFamilyOf(second.refreshToken)).toBe(true);
  expect(server.isActive(second.accessToken)).toBe(false);
  expect((await refresh(second.refreshToken)).body.error).toBe("invalid_grant");
});

it("revokes over HTTP, where an access token takes its family with it", async () => {
  const { accessToken, refreshToken } = await newFamily();
  const headers = { authorization: formEncodedBasic(server.client) };
  const body = new URLSearchParams({ token: accessToken });
  expect((await fetch(server.revocationEndpoint, { method: "POST", headers, body })).status).toBe(200);
  expect(server.isActive(accessToken)).toBe(false);
  expect((await refresh(refreshToken)).status).toBe(400);
});

it("has faults that leave the refresh token unused, and faults that use it up", async () => {
  const { refreshToken } = await newFamily();
  server.faults.next(beforeUse({ status: 503, headers: { "retry-after": "1" }, body: "{}" }), 2);
  server.faults.next(afterUse({ status: 500, body: "{}" }));
  const statuses = [await refresh(refreshToken), await refresh(refreshToken), await refresh(refreshToken), await refresh(refreshToken)];
  expect(statuses.map(({ status }) => status)).toEqual([503, 503, 500, 400]);
  expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 1, familiesRevoked: 1 });
});

it("publishes endpoints that are where it says, and keeps its state apart from another server's", async () => {
  const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
  expect(metadata).toMatchObject({
    issuer: server.issuer,
    token_endpoint: server.tokenEndpoint,
    authorization_endpoint: server.authorizationEndpoint,
    revocation_endpoint: server.revocationEndpoint,
    introspection_endpoint: server.introspectionEndpoint,
    jwks_uri: server.jwksUri,
  });
  await using other = await startAuthorizationServer();
  const { accessToken } = await newFamily();
  expect([server.isActive(accessToken), other.isActive(accessToken)]).toEqual([true, false]);
});

it("counts from zero after a reset, and the tokens live on", async () => {
  const { accessToken } = await newFamily();
  server.faults.always(beforeUse("reset"));
  server.reset();
  expect(server.stats).toMatchObject({ tokenRequests: {}, tokensIssued: 0 });
  expect(server.requests).toEqual([]);
  expect(server.isActive(accessToken)).toBe(true);
  expect((await ask({ grant_type: "client_credentials" })).status).toBe(200);
});

it("wants lifetimes in whole seconds", async () => {
  await expect(startAuthorizationServer({ accessTokenLifetime: 0.5 })).rejects.toThrow("whole seconds");
});

it("lets pages of the origins that it knows read its answers, and no others", async () => {
  const origins = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
  await server.close();
  server = await startAuthorizationServer({ pages: origins.slice(0, 1) });
  const form = { grant_type: "client_credentials" };
  const answers = await Promise.all(
    origins.map((origin) => {
      const headers = { origin, authorization: formEncodedBasic(server.client) };
      return fetch(server.tokenEndpoint, { method: "POST", headers, body: new URLSearchParams(form) });
    }),
  );
  expect(answers.map(({ status, headers }) => [status, headers.get("access-control-allow-origin")])).toEqual([
    [200, origins[0]],
    [400, null],
  ]);
});
