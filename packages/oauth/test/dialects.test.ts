import { describe, expect, it } from "vitest";
import { memoryStore } from "@tokenflight/core";
import { createLogin, createOAuthClient, noClientAuth, type FetchFunction, type OAuthClientOptions } from "@tokenflight/oauth";
import { profiles, type ProviderName } from "@tokenflight/oauth/profiles";
import { clientAnsweredBy } from "./answered-client.ts";
import { call, failureOf, tokenSetWith } from "./call.ts";

type Body = object | string;

/** The error of a refresh that got this answer. */
function refreshed(
  status: number,
  body: Body,
  options: Partial<OAuthClientOptions> = {},
  headers: Record<string, string> = {},
): Promise<Error & Record<string, unknown>> {
  const fetch: FetchFunction = async () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  const client = clientAnsweredBy(fetch, options);
  return failureOf(call(client.refreshToken(), { previous: tokenSetWith("old-refresh") }));
}

const dead = { code: "ERR_LOGIN_REQUIRED" };

describe("a dead refresh token is recognised at every provider (field line 101)", () => {
  it.each<[string, number, Body]>([
    ["RFC 6749", 400, { error: "invalid_grant" }],
    ["RFC 6749 with 401", 401, { error: "invalid_grant", error_description: "Session not active" }],
    ["a form", 400, "error=invalid_grant&error_description=Expired"],
    ["status 200", 200, { error: "invalid_grant" }],
    ["HubSpot", 400, { status: "BAD_REFRESH_TOKEN", message: "missing or invalid refresh token" }],
    ["Entra ID", 400, { error: "interaction_required", error_description: "AADSTS50076: ..." }],
    ["Entra ID, consent", 400, { error: "consent_required", suberror: "consent_required" }],
    ["Fitbit", 400, { errors: [{ errorType: "invalid_grant", message: "Refresh token invalid: abc." }], success: false }],
    ["Twitch", 400, { error: "Bad Request", status: 400, message: "Invalid refresh token" }],
    ["Strava", 400, { message: "Bad Request", errors: [{ resource: "RefreshToken", field: "refresh_token", code: "invalid" }] }],
    ["Supabase", 400, { code: 400, error_code: "refresh_token_not_found", msg: "Invalid Refresh Token: Refresh Token Not Found" }],
    ["Slack", 200, { ok: false, error: "invalid_refresh_token" }],
    ["GitHub", 200, { error: "bad_refresh_token" }],
    ["Atlassian", 403, { error: "unauthorized_client", error_description: "refresh_token is invalid" }],
    ["error as an object", 400, { error: { code: "invalid_grant", message: "no" } }],
    ["error as an object with a type", 400, { error: { type: "invalid_grant" } }],
    ["a list of words", 400, { errors: ["invalid_grant"] }],
    ["camel case", 400, { errorCode: "invalidGrant" }],
    ["a sentence", 400, { message: "The refresh token has expired." }],
    ["a sentence and nothing else", 400, "Refresh token expired"],
    ["a challenge", 401, ""],
  ])("%s", async (name, status, body) => {
    const challenge = name === "a challenge" ? { "www-authenticate": 'Bearer error="invalid_grant"' } : {};
    expect(await refreshed(status, body, {}, challenge)).toMatchObject(dead);
  });
});

describe("words that mean it at one provider only count there (field line 101)", () => {
  it.each<[ProviderName, number, Body]>([
    ["zoho", 200, { error: "invalid_code" }],
    ["atlassian", 403, { error: "unauthorized_client" }],
    ["discord", 400, { error: "invalid_request", error_description: 'Invalid "refresh_token" in request.' }],
    ["exact", 400, { error: "invalid_request", error_description: "Old refresh token used." }],
    ["withings", 200, { status: 503, body: {}, error: "Invalid Params: invalid refresh_token" }],
    ["salesforce", 400, { error: "x", error_description: "expired access/refresh token" }],
    ["supabase", 400, { code: 400, error_code: "session_expired", msg: "Invalid Refresh Token: Session Expired (Inactivity)" }],
    ["supabase", 403, { code: 403, error_code: "session_not_found", msg: "Invalid Refresh Token: No Valid Session Found" }],
    ["supabase", 400, { code: 400, error_code: "user_banned", msg: "Invalid Refresh Token: User Banned" }],
  ])("%s", async (name, status, body) => {
    const { oauth } = profiles[name];
    expect(await refreshed(status, body, oauth)).toMatchObject(dead);
    expect(await refreshed(status, body)).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED" });
  });
});

describe("an answer that ends one purpose of a login says so, whichever word the server has for it (field lines 101, 107)", () => {
  const aadsts = (number: number): string => `AADSTS${number}: The user has to do something. Trace ID: 1`;

  it.each<[string | undefined, Body]>([
    ["consent_required", { error: "consent_required" }],
    ["interaction_required", { error: "interaction_required", suberror: "basic_action" }],
    ["login_required", { error: "login_required" }],
    ["consent_required", { error: "invalid_grant", suberror: "consent_required" }],
    ["consent_required", { error: "invalid_grant", error_codes: [65_001], error_description: aadsts(65_001) }],
    ["consent_required", "error=invalid_grant&error_description=AADSTS65001: No consent"],
    ["interaction_required", { error: "invalid_grant", suberror: "basic_action", error_description: aadsts(50_076) }],
    ["interaction_required", { error: "invalid_grant", suberror: "additional_action" }],
    ["interaction_required", { error: "invalid_grant", suberror: "message_only" }],
    ["consent_required", { error: { code: "invalid_grant", suberror: "consent_required" } }],
    ["invalid_grant", { error: "invalid_grant", suberror: "bad_token", error_description: aadsts(70_008) }],
    ["invalid_grant", { error: "invalid_grant", error_description: aadsts(650_011) }],
    ["invalid_grant", { error: "invalid_grant", error_description: "No consent" }],
  ])("%s: %j", async (error, body) => {
    expect(await refreshed(400, body)).toMatchObject({ ...dead, error });
  });

  it.each(["mail", "calendar", "contacts"])("the other APIs of a login at Entra ID go on without %s", async (refused) => {
    let issued = 0;
    const fetch: FetchFunction = async (_, { body }) => {
      const isRefused = new URLSearchParams(body as string).get("scope") === refused;
      if (isRefused) return Response.json({ error: "invalid_grant", suberror: "consent_required" }, { status: 400 });
      return Response.json({ access_token: `access-${(issued += 1)}`, refresh_token: `refresh-${issued}`, expires_in: 3600 });
    };
    const options = {
      ...profiles.entra.oauth,
      tokenEndpoint: "https://a.example/token",
      clientId: "id",
      clientAuth: noClientAuth(),
      fetch,
    };
    const login = createLogin({ client: createOAuthClient(options), store: memoryStore(), key: "ann" });
    await login.save({ access_token: "access-0", refresh_token: "refresh-0", expires_in: 1 });
    for (const scope of ["mail", "calendar", "contacts"]) {
      const got = login.for({ scope }).get();
      if (scope === refused) await expect(got).rejects.toMatchObject({ ...dead, error: "consent_required" });
      else expect((await got).accessToken).toBe(`access-${issued}`);
    }
  });
});

describe("what ends no session (field line 101)", () => {
  const words = { error: "invalid_grant", error_description: "Refresh token expired", status: "BAD_REFRESH_TOKEN" };

  it.each<[string, number, Body, string]>([
    ["invalid_request", 400, { error: "invalid_request" }, "REFUSED"],
    ["unauthorized_client", 403, { error: "unauthorized_client" }, "REFUSED"],
    ["invalid_client", 401, { error: "invalid_client" }, "REFUSED"],
    ["invalid_client, with a sentence about grants", 401, { error: "invalid_client", error_description: "invalid_grant" }, "REFUSED"],
    ["invalid_scope", 400, { error: "invalid_scope" }, "REFUSED"],
    ["unsupported_grant_type", 400, { error: "unsupported_grant_type" }, "REFUSED"],
    ["access_denied", 403, { error: "access_denied" }, "REFUSED"],
    ["a nonce that is wanted (RFC 9449)", 400, { error: "use_dpop_nonce" }, "REFUSED"],
    ["Zoho's throttling", 400, { error: "Access Denied", status: "failure" }, "REFUSED"],
    [
      "Exact Online, too soon",
      400,
      { error: "access_denied", error_description: "Rate limit exceeded: access_token not expired" },
      "REFUSED",
    ],
    [
      "a field that is missing",
      400,
      { error: "invalid_request", error_description: 'A required parameter "refresh_token" is missing' },
      "REFUSED",
    ],
    ["another field that is invalid", 400, { errors: [{ field: "client_id", code: "invalid" }] }, "REFUSED"],
    ["a page that quotes the words", 404, "<h1>Not found: /oauth/invalid_grant</h1>", "REFUSED"],
    ["nothing", 400, "", "REFUSED"],
    ["200 with temporarily_unavailable", 200, { error: "temporarily_unavailable" }, "REFUSED"],
    ["500 with the words", 500, words, "UNKNOWN"],
    ["502 with the words", 502, words, "UNKNOWN"],
    ["503 with the words", 503, words, "THROTTLED"],
    ["429 with the words", 429, words, "THROTTLED"],
    ["a redirect with the words", 302, words, "UNKNOWN"],
  ])("%s", async (_, status, body, outcome) => {
    expect(await refreshed(status, body)).toMatchObject({ code: `ERR_TOKEN_REQUEST_${outcome}` });
  });

  it("a status that passes by itself, whatever its words", async () => {
    expect(await refreshed(401, words, { passingStatuses: [401], loginRequiredErrors: ["invalid_grant"] })).toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
    });
  });

  it("a 2xx with the words and new tokens, which are kept", async () => {
    const error = await refreshed(200, { ...words, access_token: "new-access", refresh_token: "new-refresh" });
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", refreshToken: "new-refresh" });
  });
});

describe("loginRequired (field line 101)", () => {
  it("is given status, body and headers, and decides before the words", async () => {
    const seen: unknown[] = [];
    const options: Partial<OAuthClientOptions> = {
      loginRequired: ({ status, body, headers }) => {
        seen.push([status, body, headers.get("X-Reason")]);
        return headers.get("x-reason") === "consent";
      },
    };
    expect(await refreshed(500, { why: 1 }, options, { "x-reason": "consent" })).toMatchObject(dead);
    expect(await refreshed(400, { error: "invalid_grant" }, options)).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED" });
    expect(await refreshed(403, "Consent needed", options, { "x-reason": "consent" })).toMatchObject(dead);
    expect(seen).toMatchObject([
      [500, { why: 1 }, "consent"],
      [400, { error: "invalid_grant" }, undefined],
      [403, "Consent needed", "consent"],
    ]);
  });

  it("leaves it to the words with undefined, and with what it throws or what is no answer", async () => {
    const told: object[] = [];
    const observe = (event: object): void => void told.push(event);
    const wrong: OAuthClientOptions["loginRequired"][] = [
      () => undefined,
      () => {
        throw new Error("canary");
      },
      (() => "yes") as unknown as () => boolean,
      (() => Promise.reject(new Error("canary"))) as unknown as () => boolean,
    ];
    for (const loginRequired of wrong) {
      expect(await refreshed(400, { error: "invalid_grant" }, { loginRequired, observe })).toMatchObject(dead);
      expect(await refreshed(400, { error: "other" }, { loginRequired, observe })).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED" });
    }
    expect(told).toEqual(Array.from({ length: 6 }, () => ({ type: "option-failed", option: "loginRequired" })));
  });
});
