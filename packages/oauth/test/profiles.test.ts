import { describe, expect, it } from "vitest";
import { createTokenCache, createTokenEndpointQueue, InvalidOptionError } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { defineProfile, google, profiles, type ProviderProfile } from "@tokenflight/oauth/profiles";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer } from "./odd-server.ts";

const all = Object.entries(profiles);

describe.each(all)("%s", (_, { name, profile }) => {
  const { sources = [], name: __, ...facts } = profile;

  it("names the source of each fact, and of nothing else", () => {
    expect([...new Set(sources.flatMap((source) => source.facts))].toSorted()).toEqual(Object.keys(facts).toSorted());
    expect(name).not.toBe("");
  });

  it("has pages as sources, which were read before today", () => {
    for (const { url, read } of sources) {
      expect(url).toMatch(/^https:\/\/[\w.-]+\/\S+$/);
      expect(Date.parse(read)).toBeLessThanOrEqual(Date.now());
    }
  });
});

it("a profile that is imported alone is the one among all", () => {
  expect(google).toBe(profiles.google);
  expect(new Set(all.map(([, { name }]) => name)).size).toBe(all.length);
});

it.each(all)("%s fits a client, a cache and a queue", (_, { oauth, cache, queue, basic }) => {
  const client = createOAuthClient({ ...oauth, issuer: "https://a.example", clientId: "id", clientAuth: basic("secret") });
  expect(() => createTokenCache({ source: client.refreshToken(), ...cache, queue: createTokenEndpointQueue(queue) })).not.toThrow();
});

it("a refresh token is spent unless the provider takes it again", () => {
  const reusable = all
    .filter(([, { oauth }]) => {
      const client = createOAuthClient({ ...oauth, issuer: "https://a.example", clientId: "id", clientAuth: noClientAuth() });
      return client.refreshToken().spendsRefreshToken === false;
    })
    .map(([name]) => name);
  expect(reusable.toSorted()).toEqual(["dropbox", "entra", "google", "hubspot", "linkedin", "microsoft", "zoho"]);
});

it("GitHub's tokens are not refreshed ahead, because the old one dies", () => {
  expect(profiles.github.cache.freshness).toMatchObject({ ahead: 0 });
});

it("Exact Online is refreshed in the last 30 seconds only", () => {
  const { ahead = 0, margin = 0 } = profiles.exact.cache.freshness;
  expect(ahead).toBeLessThan(30);
  expect(margin).toBeLessThan(ahead);
});

it("Zoho's ten in ten minutes become the queue's limit", () => {
  expect(profiles.zoho.queue).toEqual({ concurrency: 1, interval: 600, intervalCap: 10 });
});

it("HubSpot's 401 asks for no new token", () => {
  expect(profiles.hubspot.adapter.refused?.({ status: 401 })).toBe(false);
  expect(profiles.xero.adapter).toEqual({});
});

it.each([
  ["github", 200, "bad_refresh_token"],
  ["slack", 200, "invalid_refresh_token"],
  ["okta", 400, "invalid_grant"],
] as const)("%s says with %i and %s that a login is required", async (name, status, error) => {
  const server = await startOddServer(always(status, { error }));
  const { oauth, basic } = profiles[name];
  const client = createOAuthClient({ ...oauth, tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth: basic("s") });
  expect(await failureOf(call(client.refreshToken(), { previous: tokenSetWith("r") }))).toMatchObject({
    code: "ERR_LOGIN_REQUIRED",
    error,
  });
});

describe("defineProfile", () => {
  it("assumes the worst of a provider of which nothing is known", () => {
    expect(defineProfile({ name: "Own" })).toEqual({
      name: "Own",
      profile: { name: "Own" },
      oauth: { refreshTokens: "single-use" },
      cache: { freshness: {} },
      queue: {},
      adapter: {},
      askFor: {},
      forRefreshToken: expect.any(Function),
      basic: expect.any(Function),
    });
  });

  it("a status that passes ends no session", async () => {
    const server = await startOddServer(always(401, { error: "invalid_grant" }));
    const { oauth } = defineProfile({ name: "Own", passingStatuses: [401] });
    const client = createOAuthClient({ ...oauth, tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth: noClientAuth() });
    const error = await failureOf(call(client.refreshToken(), { previous: tokenSetWith("r") }));
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", outcome: "refused", status: 401 });
  });

  it("gives what an answer is read with to the client", () => {
    const facts = { bearerTypes: ["bot"], tokensAt: "data", requestFormat: "json", tokenParameters: { action: "x" } } as const;
    expect(defineProfile({ name: "Own", ...facts, askFor: { tokenParameters: { expiring: "1" } } }).oauth).toEqual({
      refreshTokens: "single-use",
      ...facts,
      tokenParameters: { action: "x", expiring: "1" },
    });
  });

  it("a grace time is known to the token cache, too", () => {
    const { oauth } = defineProfile({ name: "Own", grace: 30 });
    const client = createOAuthClient({ ...oauth, tokenEndpoint: "https://a.example/token", clientId: "id", clientAuth: noClientAuth() });
    expect(client.refreshToken().refreshTokenGrace).toBe(30);
  });

  it("makes one of another that is much like it", () => {
    const { oauth } = defineProfile({ ...profiles.okta.profile, grace: 5 });
    expect([profiles.okta.oauth.refreshTokenGrace, oauth.refreshTokenGrace]).toEqual([30, 5]);
    expect(() => Object.assign(profiles.okta.profile, { grace: 0 })).toThrow(TypeError);
  });

  it("takes the token alone in the header", () => {
    const { adapter } = defineProfile({ name: "Own", header: "bare" });
    expect(adapter.scheme?.(tokenSetWith("r"), { method: "GET", url: "https://a.example/" })).toEqual({ authorization: "old-access" });
  });

  it.each<[string, object]>([
    ["name", { name: "" }],
    ["rotation", { rotation: "sometimes" }],
    ["grace", { grace: -1 }],
    ["earliestRefresh", { earliestRefresh: "30" }],
    ["oldAccessToken", { oldAccessToken: "maybe" }],
    ["lifetime", { lifetime: Number.NaN }],
    ["basicEncoding", { basicEncoding: "utf8" }],
    ["header", { header: "Bearer" }],
    ["refusalMeansRenewal", { refusalMeansRenewal: "no" }],
    ["loginRequiredErrors", { loginRequiredErrors: "invalid_grant" }],
    ["bearerTypes", { bearerTypes: "bot" }],
    ["requestFormat", { requestFormat: "xml" }],
    ["askFor.scope", { askFor: { scope: "" } }],
    ["askFor.parameters.prompt", { askFor: { parameters: { prompt: 1 } } }],
    ["askFor.scopes", { askFor: { scopes: "offline_access" } }],
    ["sources[0].url", { sources: [{ facts: ["grace"], url: "the documentation", read: "2026-11-27" }] }],
    ["sources[0].read", { sources: [{ facts: ["grace"], url: "https://a.example/", read: "yesterday" }] }],
    ["quota.requests", { quota: { requests: 0, seconds: 1 } }],
    ["quota.seconds", { quota: { requests: 1, seconds: -1 } }],
    ["rotates", { rotates: true }],
  ])("refuses a wrong %s", (name, wrong) => {
    const make = (): unknown => defineProfile({ name: "Own", ...wrong } as ProviderProfile);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(`defineProfile.${name}`);
  });
});

describe("what to ask for (field line 105)", () => {
  const redirectUri = "https://app.example/callback";
  const client = createOAuthClient({
    tokenEndpoint: "https://a.example/token",
    authorizationEndpoint: "https://a.example/authorize",
    clientId: "id",
    clientAuth: noClientAuth(),
  });

  it.each<[keyof typeof profiles, object]>([
    ["xero", { scope: "orders offline_access" }],
    ["google", { scope: "orders", access_type: "offline", prompt: "consent" }],
    ["dropbox", { scope: "orders", token_access_type: "offline" }],
    ["docusign", { scope: "orders extended" }],
    ["github", { scope: "orders" }],
  ])("%s is asked for a refresh token with the rest", async (name, asked) => {
    const { url } = await client.authorizationUrl(profiles[name].forRefreshToken({ redirectUri, scope: "orders" }));
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject(asked);
  });

  it("stays as the login has it already", () => {
    const login = { redirectUri, scope: ["offline_access", "a"], parameters: { prompt: "select_account" } };
    expect(profiles.xero.forRefreshToken(login)).toEqual({ ...login, scope: "offline_access a" });
    expect(google.forRefreshToken(login).parameters).toEqual({ access_type: "offline", prompt: "select_account" });
    expect(google.forRefreshToken({ redirectUri })).toEqual({ redirectUri, parameters: google.askFor.parameters });
    expect(profiles.github.forRefreshToken({ redirectUri })).toEqual({ redirectUri });
  });
});
