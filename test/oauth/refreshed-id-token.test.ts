import { createTokenCache, readTokenResponse, type TokenSet } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient, noClientAuth, type IdTokenFault, type OAuthEvent } from "@tokenflight/oauth";
import { beforeEach, describe, expect, it } from "vitest";
import { IdTokenIssuer } from "../servers/id-token.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { jsonAnswer, type Answer } from "../servers/answer.ts";

let server: AuthorizationServer;
/** Another server, with keys of its own, that calls itself by the same name. */
let forger: IdTokenIssuer;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  forger = new IdTokenIssuer(server.issuer);
  return () => server.close();
});

interface Refreshed {
  readonly before: TokenSet;
  /** What the refresh gave, or its error. */
  readonly given: TokenSet | { readonly code: string; readonly message: string; readonly refreshToken?: string };
  readonly events: readonly OAuthEvent[];
  /** The refresh token that the answer had. */
  readonly sent: string;
}

/** Logs in, and refreshes with an answer whose id token is another one. `keepsIdToken`: whether that of the login is known then. */
async function refresh(
  idTokenOf: (claims: Record<string, unknown>, before: string) => unknown,
  { keepsIdToken = true } = {},
): Promise<Refreshed> {
  const { clientId, clientSecret, redirectUri } = server.client;
  const events: OAuthEvent[] = [];
  const client = createOAuthClient({
    issuer: server.issuer,
    clientId,
    clientAuth: clientSecretBasic(clientSecret),
    observe: (event) => void events.push(event),
  });
  const { url, pending } = await client.authorizationUrl({ redirectUri, scope: "openid read", parameters: { prompt: "consent" } });
  const login = await client.exchangeCallback(await server.visit(url), pending);
  const { accessToken: access_token, refreshToken: refresh_token } = login;
  const before = keepsIdToken ? login : readTokenResponse({ access_token, refresh_token }, 0);
  let sent = "";
  server.faults.next(async (_request, carryOut): Promise<Answer> => {
    const { status, body } = await carryOut();
    const fields = JSON.parse(Buffer.from(body as Uint8Array).toString()) as Record<string, unknown>;
    sent = String(fields["refresh_token"]);
    const [, claims = ""] = String(fields["id_token"]).split(".");
    const named = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
    return jsonAnswer(status, { ...fields, id_token: idTokenOf(named, String(fields["id_token"])) });
  });
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save(before);
  const given = await tokens.renew(before).catch((error: unknown) => error as Refreshed["given"]);
  return { before, given, events, sent };
}

/** Another id token by the same claims, signed with keys that are not the server's. */
function forged(claims: Record<string, unknown>, others: Record<string, unknown> = {}): string {
  return forger.issue({ subject: "-", audience: "-", nonce: undefined, lifetime: 60, others: { ...claims, ...others } });
}

const reasonsIn = (events: readonly OAuthEvent[]): IdTokenFault[] =>
  events.flatMap((event) => (event.type === "id-token-ignored" ? [event.reason] : []));

it("the id token of a refresh takes the place of the one before, its signature checked (field line 109)", async () => {
  let sent = "";
  const { before, given, events } = await refresh((_claims, idToken) => (sent = idToken));
  expect(given).toMatchObject({ idToken: sent });
  expect(sent).not.toBe(before.idToken);
  expect(events).toEqual([]);
});

describe("one that names somebody else ends it, and nothing of the answer is kept (field line 109)", () => {
  it.each<[string, Record<string, unknown>]>([
    ["another user (sub)", { sub: "mallory" }],
    ["another issuer (iss)", { iss: "https://evil.example" }],
  ])("%s", async (named, others) => {
    const { before, given, sent } = await refresh((claims) => forged(claims, others));
    expect(given).toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE", message: expect.stringContaining(named) });
    expect((given as { message: string }).message).toContain("Nothing of the answer was kept");
    expect((given as { refreshToken?: string }).refreshToken).toBeUndefined();
    expect(JSON.stringify(given)).not.toContain(sent);
    expect(before.refreshToken).not.toBe(sent);
  });
});

describe("one with another fault is not taken; the tokens are, and it is told (field line 109)", () => {
  it.each<[IdTokenFault, string, (claims: Record<string, unknown>, idToken: string) => unknown]>([
    ["signature", "keys that are not the server's", (claims) => forged(claims)],
    ["signature", "a signature that was changed", (_claims, idToken) => `${idToken.slice(0, -20)}${"A".repeat(20)}`],
    ["signature", "no signature", (claims) => `${encode({ alg: "none" })}.${encode(claims)}.`],
    ["audience", "another client (aud)", (claims) => forged(claims, { aud: "another" })],
    ["audience", "another client of several (azp)", (claims) => forged(claims, { aud: [claims["aud"], "another"], azp: "another" })],
    ["time", "a time that is over", (claims) => forged(claims, { exp: 1 })],
    ["unreadable", "nobody (no sub)", (claims) => forged(claims, { sub: undefined })],
    ["unreadable", "no JWT at all", () => "e.n.c.r.ypted"],
    ["unreadable", "a single word", () => "word"],
  ])("%s: %s", async (reason, _, idTokenOf) => {
    const { before, given, events, sent } = await refresh(idTokenOf);
    expect(given).toMatchObject({ refreshToken: sent, idToken: before.idToken });
    expect(given).not.toMatchObject({ accessToken: before.accessToken });
    expect(reasonsIn(events)).toEqual([reason]);
    expect(JSON.stringify(events)).not.toContain(sent);
  });
});

/** Refreshes at a server whose keys are not known: what its id tokens say is all there is. */
async function refreshWithoutKeys(
  before: Record<string, unknown>,
  now: Record<string, unknown>,
): Promise<Pick<Refreshed, "given" | "events">> {
  const issuer = new IdTokenIssuer("https://auth.example.com");
  const issue = (others: Record<string, unknown>): string =>
    issuer.issue({ subject: "ada", audience: "id", nonce: undefined, lifetime: 60, others });
  const events: OAuthEvent[] = [];
  const client = createOAuthClient({
    tokenEndpoint: "https://auth.example.com/token",
    clientId: "id",
    clientAuth: noClientAuth(),
    observe: (event) => void events.push(event),
    fetch: async () => Response.json({ access_token: "a2", refresh_token: "r2", expires_in: 60, id_token: issue(now) }),
  });
  const tokens = createTokenCache({ source: client.refreshToken() });
  const saved = await tokens.save({ access_token: "a1", refresh_token: "r1", id_token: issue(before) });
  return { given: await tokens.renew(saved), events };
}

describe("one that tells of another authentication is not taken (field line 109):", () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, IdTokenFault | undefined]>([
    ["another nonce", { nonce: "n1" }, { nonce: "n2" }, "changed"],
    ["the same nonce", { nonce: "n1" }, { nonce: "n1" }, undefined],
    ["no nonce any more, as is recommended", { nonce: "n1" }, {}, undefined],
    ["another time of the login", { auth_time: 1 }, { auth_time: 2 }, "changed"],
    ["the same time of the login", { auth_time: 1 }, { auth_time: 1 }, undefined],
    ["another authorized party", { azp: "id" }, { azp: "another" }, "changed"],
    ["an authorized party that comes to be named, and is another", {}, { azp: "another" }, "changed"],
    ["an authorized party that comes to be named", {}, { azp: "id" }, undefined],
  ])("%s", async (_, before, now, reason) => {
    const { given, events } = await refreshWithoutKeys({ jti: "before", ...before }, { jti: "now", ...now });
    expect(given).toMatchObject({ accessToken: "a2", refreshToken: "r2" });
    expect(claimsOf((given as TokenSet).idToken)).toMatchObject({ jti: reason === undefined ? "now" : "before" });
    expect(reasonsIn(events)).toEqual(reason === undefined ? [] : [reason]);
  });
});

it("without an id token before, nobody is compared; what is not this client's is not taken all the same", async () => {
  const { given, events, sent } = await refresh((claims) => forged(claims, { sub: "mallory", aud: "another" }), { keepsIdToken: false });
  expect(given).toMatchObject({ refreshToken: sent, idToken: undefined });
  expect(reasonsIn(events)).toEqual(["audience"]);
});

it("keys that do not come in time cost the id token only", async () => {
  const issuer = new IdTokenIssuer("https://auth.example.com");
  const events: OAuthEvent[] = [];
  const client = createOAuthClient({
    tokenEndpoint: "https://auth.example.com/token",
    expectedIssuer: issuer.issuer,
    jwksUri: "https://auth.example.com/jwks",
    clientId: "id",
    clientAuth: noClientAuth(),
    timeout: 0.2,
    observe: (event) => void events.push(event),
    fetch: async (url) =>
      url.endsWith("/jwks")
        ? new Promise<Response>(() => {})
        : Response.json({ access_token: "a2", refresh_token: "r2", expires_in: 60, id_token: idToken }),
  });
  const idToken = issuer.issue({ subject: "ada", audience: "id", nonce: undefined, lifetime: 60 });
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save({ access_token: "a1", refresh_token: "r1", id_token: idToken });
  const held = tokens.peek() as TokenSet;
  expect(await tokens.renew(held)).toMatchObject({ accessToken: "a2", refreshToken: "r2" });
  expect(reasonsIn(events)).toEqual(["keys"]);
});

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function claimsOf(idToken: string | undefined): object {
  return JSON.parse(Buffer.from((idToken ?? "").split(".")[1] ?? "", "base64url").toString()) as object;
}
