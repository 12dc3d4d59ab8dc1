import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenCache, createTokenEndpointQueue, InvalidOptionError } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { defineProfile, profiles, type ProviderProfile } from "@tokenflight/oauth/profiles";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer } from "./odd-server.ts";

const all = Object.entries(profiles);
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** The table of providers, as far as it is data. */
const rows = new Map(
  [...readme.matchAll(/^\| ([\w ]+?) +\| `(\w+)` +\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, name, key = "", ...cells]) => [key, [name, ...cells.map((cell) => cell.trim())]] as const,
  ),
);

it("has a row in the README for every provider, and no other", () => {
  expect([...rows.keys()].toSorted()).toEqual(Object.keys(profiles).toSorted());
});

it.each(all)("%s is what the README says of it", (key, { profile }) => {
  const { name, lifetime = "", rotation, grace = 0, ...further } = profile;
  const [shown, ...cells] = rows.get(key) ?? [];
  expect([shown, ...cells.slice(0, 3)]).toEqual([
    name,
    `${lifetime}`,
    rotation,
    grace === Number.POSITIVE_INFINITY ? "for ever" : `${grace}`,
  ]);
  const named = [...(cells[3] ?? "").matchAll(/`(\w+)`/g)].map(([, option]) => option);
  expect(named).toEqual(expect.arrayContaining(Object.keys(further)));
  expect(named.every((option) => option !== undefined && option in further)).toBe(true);
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
  expect(reusable.toSorted()).toEqual(["entra", "google", "hubspot", "zoho"]);
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
    ["quota.requests", { quota: { requests: 0, seconds: 1 } }],
    ["quota.seconds", { quota: { requests: 1, seconds: -1 } }],
    ["rotates", { rotates: true }],
  ])("refuses a wrong %s", (name, wrong) => {
    const make = (): unknown => defineProfile({ name: "Own", ...wrong } as ProviderProfile);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(`defineProfile.${name}`);
  });
});
