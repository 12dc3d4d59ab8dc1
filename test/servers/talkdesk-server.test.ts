import { createPublicKey, verify } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startTalkdeskServer, type AuthorizeOptions, type TalkdeskServer } from "./talkdesk-server.ts";
import { afterUse, beforeUse } from "./token-endpoint-faults.ts";
import { formEncodedBasic, rawBasic, requestToken, type TokenAnswer } from "./request-token.ts";

const everyScope = "openid account:read contacts:read contacts:write";
let server: TalkdeskServer;

beforeEach(async () => {
  server = await startTalkdeskServer();
});

afterEach(() => server.close());

const ask = (form: Record<string, string>, authorization = rawBasic(server.client)): Promise<TokenAnswer> =>
  requestToken(server.tokenEndpoint, authorization, form);

const refresh = (refreshToken: string, scope?: string): Promise<TokenAnswer> =>
  ask({ grant_type: "refresh_token", refresh_token: refreshToken, ...(scope === undefined ? {} : { scope }) });

const readPart = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());

async function logIn(options?: AuthorizeOptions): Promise<TokenAnswer> {
  const { code, redirectUri } = await server.authorize(options);
  return ask({ grant_type: "authorization_code", code, redirect_uri: redirectUri });
}

it("encodes the documented sample pair as the documentation shows it", () => {
  expect(rawBasic({ clientId: "<client_id>", clientSecret: "<client_secret>" })).toBe("Basic PGNsaWVudF9pZD46PGNsaWVudF9zZWNyZXQ+");
});

it("exchanges a code for the documented fields and no others", async () => {
  const { status, body } = await logIn({ state: "a state & more" });
  expect(status).toBe(200);
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: "Bearer",
    expires_in: 600,
    scope: everyScope,
    refresh_token: expect.any(String),
    sid: expect.any(String),
  });
  expect(server.isActive(String(body.access_token))).toBe(true);
});

it("signs an id token with the nonce when the authorize request names openid", async () => {
  const { body } = await logIn({ scope: "openid contacts:read", nonce: "n-1" });
  expect(body.scope).toBe("openid contacts:read");
  const [head = "", payload = "", signature = ""] = String(body.id_token).split(".");
  expect(readPart(head)).toMatchObject({ alg: "ES256", kid: server.jwks.keys[0]?.kid });
  expect(readPart(payload)).toMatchObject({ iss: server.origin, aud: server.client.clientId, sub: "user", nonce: "n-1" });
  const key = createPublicKey({ key: server.jwks.keys[0] ?? {}, format: "jwk" });
  const valid = verify(
    "sha256",
    Buffer.from(`${head}.${payload}`),
    { key, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  expect(valid).toBe(true);
});

it("refreshes with the same sid, another refresh token and no id token", async () => {
  const first = await logIn({ scope: "openid contacts:read contacts:write" });
  const { body } = await refresh(first.refreshToken, "contacts:read");
  expect(Object.keys(body).toSorted()).toEqual(["access_token", "expires_in", "refresh_token", "scope", "sid", "token_type"]);
  expect(body).toMatchObject({ sid: first.body.sid, scope: "contacts:read" });
  expect(body.refresh_token).not.toBe(first.refreshToken);
  expect((await refresh(String(body.refresh_token))).body.scope).toBe("openid contacts:read contacts:write");
});

it("gives client credentials every granted scope, or those asked for", async () => {
  const all = await ask({ grant_type: "client_credentials" });
  expect(all.body).toEqual({ access_token: expect.any(String), token_type: "Bearer", expires_in: 600, scope: everyScope });
  expect(server.isActive(all.accessToken)).toBe(true);
  expect((await ask({ grant_type: "client_credentials", scope: "account:read" })).body.scope).toBe("account:read");
});

it("compares the pair as it was sent", async () => {
  const form = { grant_type: "client_credentials" };
  const wrong = [formEncodedBasic(server.client), rawBasic({ ...server.client, clientSecret: "wrong" }), "", "Bearer x"];
  for (const authorization of wrong) {
    const { status, body } = await ask(form, authorization);
    expect([status, body]).toEqual([401, { error: "invalid_client", error_description: expect.any(String) }]);
  }
});

it("takes a code once, with its redirect_uri and by its client", async () => {
  const { code, redirectUri } = await server.authorize();
  const form = { grant_type: "authorization_code", code };
  expect((await ask({ ...form, redirect_uri: `${redirectUri}/` })).body.error).toBe("invalid_grant");
  const answers = await Promise.all([1, 2, 3].map(() => ask({ ...form, redirect_uri: redirectUri })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it("ends a login whose refresh token comes a second time", async () => {
  const first = await logIn();
  const second = await refresh(first.refreshToken);
  const other = await logIn();
  const reused = await refresh(first.refreshToken);
  expect([reused.status, reused.body]).toEqual([400, { error: "invalid_grant", error_description: expect.any(String) }]);
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

it.each<[Record<string, string>, number, string]>([
  [{}, 400, "invalid_request"],
  [{ grant_type: "password" }, 400, "unsupported_grant_type"],
  [{ grant_type: "authorization_code", code: "x" }, 400, "invalid_request"],
  [{ grant_type: "authorization_code", code: "x", redirect_uri: "http://127.0.0.1/" }, 400, "invalid_grant"],
  [{ grant_type: "refresh_token" }, 400, "invalid_request"],
  [{ grant_type: "refresh_token", refresh_token: "x" }, 400, "invalid_grant"],
  [{ grant_type: "client_credentials", scope: "everything" }, 400, "invalid_scope"],
])("answers the token request %j by %i and %s", async (form, status, error) => {
  const answer = await ask(form);
  expect([answer.status, answer.body]).toEqual([status, { error, error_description: expect.any(String) }]);
});

it.each([
  [{ client_id: "stranger" }, 401, "invalid_client"],
  [{ client_id: "" }, 400, "invalid_request"],
  [{ redirect_uri: "http://127.0.0.1/elsewhere" }, 400, "invalid_request"],
  [{ response_type: "" }, 400, "invalid_request"],
  [{ response_type: "token" }, 400, "unsupported_response_type"],
  [{ scope: "everything" }, 400, "invalid_scope"],
])("answers the authorize request with %j by %i and %s", async (changed, status, error) => {
  const { clientId, redirectUri } = server.client;
  const query = new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: redirectUri, ...changed });
  const response = await fetch(`${server.authorizationEndpoint}?${query}`, { redirect: "manual" });
  expect([response.status, await response.json()]).toEqual([status, { error, error_description: expect.any(String) }]);
});

it("refuses a parameter that is given twice, and a body that is no form", async () => {
  const headers = { authorization: rawBasic(server.client) };
  const twice = new URLSearchParams([
    ["grant_type", "client_credentials"],
    ["scope", "account:read"],
    ["scope", "contacts:read"],
  ]);
  for (const body of [twice, '{"grant_type":"client_credentials"}']) {
    const response = await fetch(server.tokenEndpoint, { method: "POST", headers, body });
    expect([response.status, await response.json()]).toMatchObject([400, { error: "invalid_request" }]);
  }
});

it("serves several accounts, each with what is its own", async () => {
  await server.close();
  server = await startTalkdeskServer({ clients: [{ clientId: "one" }, { clientId: "two", scopes: ["account:read"] }] });
  const [one, two] = server.clients;
  const tokens = await logIn();
  expect(server.client).toBe(one);
  const form = { grant_type: "refresh_token", refresh_token: tokens.refreshToken };
  expect((await ask(form, rawBasic(two ?? server.client))).body.error).toBe("invalid_grant");
  expect((await ask(form)).status).toBe(200);
  expect((await ask({ grant_type: "client_credentials" }, rawBasic(two ?? server.client))).body.scope).toBe("account:read");
});

it("ends access tokens by time or by revocation", async () => {
  await server.close();
  server = await startTalkdeskServer({ accessTokenLifetime: 1 });
  const [timed, revoked, family] = [await ask({ grant_type: "client_credentials" }), await logIn(), await logIn()];
  expect([timed, revoked, family].map(({ accessToken }) => server.isActive(accessToken))).toEqual([true, true, true]);
  expect(server.revokeAccessToken(revoked.accessToken)).toBe(true);
  expect(server.revokeFamilyOf(family.accessToken)).toBe(true);
  expect([revoked, family].map(({ accessToken }) => server.isActive(accessToken))).toEqual([false, false]);
  expect((await refresh(revoked.refreshToken)).status).toBe(200);
  expect((await refresh(family.refreshToken)).status).toBe(400);
  await sleep(1000);
  expect(server.isActive(timed.accessToken)).toBe(false);
});

it("has the same faults as every token server", async () => {
  const { refreshToken } = await logIn();
  server.faults.next(beforeUse({ status: 503, body: "{}" }));
  server.faults.next(afterUse({ status: 500, body: "{}" }));
  const answers = [await refresh(refreshToken), await refresh(refreshToken), await refresh(refreshToken)];
  expect(answers.map(({ status }) => status)).toEqual([503, 500, 400]);
  expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 1 });
});
