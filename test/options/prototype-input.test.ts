import { expect, it } from "vitest";
import { BearerPolicy, createTokenCache, createTokenEndpointQueue, createTokenPool, encryptedStore, memoryStore } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient, noClientAuth, privateKeyJwt, type OAuthClientOptions } from "@tokenflight/oauth";
import { defineProfile } from "@tokenflight/oauth/profiles";
import { talkdesk } from "@tokenflight/oauth/talkdesk";
import { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";

const source = async (): Promise<{ access_token: string }> => ({ access_token: "a" });
const tokens = createTokenCache({ source });
const anywhere: OAuthClientOptions = { tokenEndpoint: "https://auth.example.com/token", clientId: "id", clientAuth: noClientAuth() };
const client = createOAuthClient(anywhere);
const keys = [{ id: "1", key: new Uint8Array(32) }];

type Take = (input: object) => unknown;

/** Each function with everything that it needs, and further options. */
const functions: readonly (readonly [string, Take])[] = [
  ["createTokenCache", (input) => createTokenCache(Object.assign(input, { source }))],
  ["createTokenCache: timeouts", (timeouts) => createTokenCache({ source, timeouts })],
  ["createTokenCache: freshness", (freshness) => createTokenCache({ source, freshness })],
  ["createTokenPool", (input) => createTokenPool(Object.assign(input, { source: () => source }))],
  ["createTokenEndpointQueue", (input) => createTokenEndpointQueue(input)],
  ["encryptedStore", (input) => encryptedStore(memoryStore(), Object.assign(input, { keys }))],
  ["BearerPolicy", (input) => new BearerPolicy(tokens, Object.assign(input, { origins: "https://api.example.com" }))],
  ["createOAuthClient", (input) => createOAuthClient(Object.assign(input, anywhere))],
  ["clientCredentials", (input) => client.clientCredentials(input)],
  ["refreshToken", (input) => client.refreshToken(input)],
  ["tokenExchange", (input) => client.tokenExchange(Object.assign(input, { subjectToken: () => "s" }))],
  ["jwtBearer", (input) => client.jwtBearer(Object.assign(input, { assertion: () => "s" }))],
  ["clientSecretBasic", (input) => clientSecretBasic("secret", input)],
  [
    "privateKeyJwt",
    (input) => privateKeyJwt(Object.assign(input, { key: { kty: "OKP", crv: "Ed25519", d: "d", x: "x" }, alg: "EdDSA" as const })),
  ],
  ["defineProfile", (input) => defineProfile(Object.assign(input, { name: "mine" }))],
  ["talkdesk", (input) => talkdesk(Object.assign(input, { account: "acme" }))],
];

/** As JSON gives it: a property whose name is `__proto__`, which no object inherits from. */
const named = (): object => JSON.parse('{ "__proto__": { "timeout": -1, "clock": 1, "store": 1, "scope": 1, "ahead": -1 } }') as object;
/** As a literal gives it: an object that inherits. */
const inheriting = (): object =>
  Object.create({ timeout: -1, clock: 1, store: 1, scope: 1, ahead: -1, replay: "always", region: "mars" }) as object;

it.each(functions)("%s refuses an option with the name __proto__", (_, take) => {
  expect(() => take(named())).toThrow(/__proto__: expected one of .*, got an unknown option/);
});

it.each(functions)("%s takes nothing that its options inherit", (_, take) => {
  expect(() => take(inheriting())).not.toThrow();
});

it("stores refuse it before they open anything", () => {
  expect(() => sqliteStore(named() as never)).toThrow(/__proto__/);
  expect(() => redisStore(named() as never)).toThrow(/__proto__/);
});

it("a token response, and a grant's parameters, may have a field with that name, which changes nothing else", async () => {
  const cache = createTokenCache({ source: async () => JSON.parse('{ "access_token": "a", "__proto__": { "expires_in": 1 } }') as never });
  const tokenSet = await cache.get();
  expect(tokenSet.expiresAt).toBeUndefined();
  expect(Object.keys(tokenSet.extra)).toEqual(["__proto__"]);
  const sent: string[] = [];
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    sent.push(init.body as string);
    return Response.json({ access_token: "a" });
  };
  const parameters = JSON.parse('{ "__proto__": "x" }') as Record<string, string>;
  await createTokenCache({ source: createOAuthClient({ ...anywhere, fetch }).clientCredentials({ parameters }) }).get();
  expect(sent).toEqual(["grant_type=client_credentials&__proto__=x&client_id=id"]);
});
