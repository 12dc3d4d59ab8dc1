import { describe, expect, it } from "vitest";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, type FetchFunction, type OAuthClientOptions, type OAuthEvent } from "@tokenflight/oauth";
import { profiles } from "@tokenflight/oauth/profiles";
import { clientAnsweredBy } from "./answered-client.ts";
import { call, failureOf, tokenSetWith } from "./call.ts";

interface Sent {
  readonly contentType: string | null;
  readonly body: string;
}

/** A client whose server gives these answers, one after the other, and the last one for ever. */
function clientOf(answers: readonly object[], options: Partial<OAuthClientOptions> = {}) {
  const sent: Sent[] = [];
  const fetch: FetchFunction = async (_, { body, headers }) => {
    sent.push({ contentType: new Headers(headers).get("content-type"), body: body as string });
    return Response.json(answers[Math.min(sent.length, answers.length) - 1]);
  };
  const client = clientAnsweredBy(fetch, options);
  return { client, sent };
}

const code = { code: "code", redirectUri: "https://app.example/callback" };

describe("Slack (field line 100)", () => {
  const authed_user = {
    id: "U1",
    scope: "search:read",
    access_token: "xoxe.xoxp-1",
    token_type: "user",
    refresh_token: "xoxe-u1",
    expires_in: 43_200,
  };
  const bot = {
    ok: true,
    access_token: "xoxe.xoxb-1",
    token_type: "bot",
    scope: "chat:write,users:read",
    refresh_token: "xoxe-b1",
    expires_in: 43_200,
  };

  it("gives the bot's token of a login with both, as a Bearer token", async () => {
    const { client } = clientOf([{ ...bot, authed_user }], profiles.slack.oauth);
    expect(await client.exchangeCode(code)).toMatchObject({ accessToken: "xoxe.xoxb-1", tokenType: "Bearer", refreshToken: "xoxe-b1" });
  });

  it("gives the user's token of the same login to whoever wants that one, and of its refresh, which has no envelope", async () => {
    const refreshed = { ok: true, access_token: "xoxe.xoxp-2", token_type: "user", refresh_token: "xoxe-u2", expires_in: 43_200 };
    const { client, sent } = clientOf([{ ...bot, authed_user }, refreshed], profiles.slackUser.oauth);
    const tokens = createTokenCache({ source: client.refreshToken() });
    const login = await tokens.save(await client.exchangeCode(code));
    expect(login).toMatchObject({ accessToken: "xoxe.xoxp-1", tokenType: "Bearer", refreshToken: "xoxe-u1", scope: "search:read" });
    expect(await tokens.renew(login)).toMatchObject({ accessToken: "xoxe.xoxp-2", tokenType: "Bearer", refreshToken: "xoxe-u2" });
    expect(new URLSearchParams(sent[1]?.body).get("refresh_token")).toBe("xoxe-u1");
  });

  it("says it when a login has no token of the kind that is wanted", async () => {
    const onlyUser = clientOf([{ ok: true, authed_user }], profiles.slack.oauth).client;
    expect((await failureOf(onlyUser.exchangeCode(code))).message).toContain('There are tokens in "authed_user"');
    const onlyBot = clientOf([{ ...bot, authed_user: { id: "U1" } }], profiles.slackUser.oauth).client;
    expect((await failureOf(onlyBot.exchangeCode(code))).message).toContain('a token of type "bot"');
  });

  it("is not known without its profile: a type of its own would go on requests in the place of Bearer", async () => {
    const named = clientOf([bot], { tokenTypes: ["bot"] }).client;
    expect(await named.exchangeCode(code)).toMatchObject({ tokenType: "bot" });
    expect(await failureOf(clientOf([bot]).client.exchangeCode(code))).toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE" });
  });
});

describe("scopes with commas (field line 110)", () => {
  it.each<[string, string, string | string[], OAuthEvent[]]>([
    ["the same, in another order", "chat:write users:read", "users:read,chat:write", []],
    ["with commas and spaces", "a b c", "a, b,c", []],
    ["a list", "a b", ["a,b"], []],
    ["asked for with commas", "a,b", "a b", []],
    ["one fewer", "a b", "a", [{ type: "scope-differs", grant: "refresh_token", missing: ["b"], added: [] }]],
    ["one more", "a", "a,b", [{ type: "scope-differs", grant: "refresh_token", missing: [], added: ["b"] }]],
  ])("%s", async (_, asked, given, told) => {
    const events: OAuthEvent[] = [];
    const { client } = clientOf([{ access_token: "a", refresh_token: "r", scope: given }], { observe: (event) => void events.push(event) });
    await call(client.refreshToken({ scope: asked }), { previous: tokenSetWith("old") });
    expect(events).toEqual(told);
  });
});

describe("envelopes (field line 111)", () => {
  const tokens = { access_token: "a", refresh_token: "r", expires_in: 60 };

  it.each<[string, OAuthClientOptions["tokensAt"], object]>([
    ["in a field", "data", { ok: true, data: tokens }],
    ["two levels down", ["result", "tokens"], { status: 0, result: { tokens } }],
    ["not at all, this time", "data", tokens],
    ["beside others of the same names", "data", { access_token: "other", refresh_token: "other", data: tokens }],
  ])("%s", async (_, tokensAt, answer) => {
    const { client } = clientOf([answer], { tokensAt });
    expect(await call(client.refreshToken(), { previous: tokenSetWith("old") })).toMatchObject({ accessToken: "a", refreshToken: "r" });
  });

  it.each<[string, object]>([
    ["at the top", { status: 401, error: "invalid_grant", data: null }],
    ["in the envelope", { status: 401, data: { error: "invalid_grant" } }],
    ["in the envelope, as another code", { data: { error_code: "refresh_token_expired" } }],
  ])("an error is read %s", async (_, answer) => {
    const { client } = clientOf([answer], { tokensAt: "data" });
    expect(await failureOf(call(client.refreshToken(), { previous: tokenSetWith("old") }))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  });

  it("takes nothing from a prototype", async () => {
    const { client } = clientOf([{}], { tokensAt: ["constructor", "prototype"] });
    expect(await failureOf(client.exchangeCode(code))).toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE" });
  });
});

describe("requests in JSON, and further fields (field line 111)", () => {
  it("sends all fields as one object, those that come twice as an array", async () => {
    const { client, sent } = clientOf([{ access_token: "a" }], { requestFormat: "json", tokenParameters: { action: "requesttoken" } });
    await client.exchangeCode({ ...code, resource: ["https://b.example/", "https://c.example/"] });
    expect(sent[0]?.contentType).toBe("application/json");
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
      grant_type: "authorization_code",
      action: "requesttoken",
      redirect_uri: code.redirectUri,
      resource: ["https://b.example/", "https://c.example/"],
      code: "code",
      client_id: "id",
    });
  });

  it("sends the fields themselves, whatever their names are and whatever somebody has written to a prototype", async () => {
    const parameters = Object.fromEntries(
      ["__proto__", "constructor", "toJSON", "toString", "length", "0"].map((name) => [name, `of ${name}`]),
    );
    let sent = "";
    const fetch: FetchFunction = async (_, { body }) => ((sent = body as string), new Response('{"access_token":"a"}'));
    const client = clientAnsweredBy(fetch, { requestFormat: "json" });
    const polluted = [Object.prototype, Array.prototype, String.prototype] as unknown as { toJSON?: unknown }[];
    for (const prototype of polluted) Object.defineProperty(prototype, "toJSON", { value: () => "polluted", configurable: true });
    try {
      await client.exchangeCode({ ...code, parameters, resource: ["https://b.example/", "https://c.example/"] });
    } finally {
      for (const prototype of polluted) delete prototype.toJSON;
    }
    expect(new Map(Object.entries(JSON.parse(sent) as object))).toEqual(
      new Map<string, unknown>([
        ...Object.entries(parameters),
        ["grant_type", "authorization_code"],
        ["redirect_uri", code.redirectUri],
        ["resource", ["https://b.example/", "https://c.example/"]],
        ["code", "code"],
        ["client_id", "id"],
      ]),
    );
  });

  it("asks an endpoint like Supabase's: the grant in the URL, the key in a header of its own, the rest in JSON", async () => {
    const asked: unknown[] = [];
    const fetch: FetchFunction = async (url, { headers, body }) => {
      asked.push([url, new Headers(headers).get("apikey"), JSON.parse(body as string)]);
      return Response.json({ access_token: "a", token_type: "bearer", expires_in: 3600, refresh_token: "r2" });
    };
    const tokenEndpoint = "https://project.example/auth/v1/token?grant_type=refresh_token";
    const clientAuth: OAuthClientOptions["clientAuth"] = (_, __, ___, headers) => headers.set("apikey", "key");
    const client = createOAuthClient({ ...profiles.supabase.oauth, tokenEndpoint, clientId: "web", clientAuth, fetch });
    expect(await call(client.refreshToken(), { previous: tokenSetWith("r1") })).toMatchObject({ accessToken: "a", refreshToken: "r2" });
    expect(asked).toEqual([[tokenEndpoint, "key", { grant_type: "refresh_token", refresh_token: "r1" }]]);
  });

  it("lets a grant's own parameters replace those of every request", async () => {
    const { client, sent } = clientOf([{ access_token: "a" }], { tokenParameters: { action: "requesttoken", v: "2" } });
    await call(client.clientCredentials({ parameters: { action: "other" } }));
    expect(Object.fromEntries(new URLSearchParams(sent[0]?.body))).toMatchObject({ action: "other", v: "2" });
  });

  it.each<[string, Partial<OAuthClientOptions>, RegExp]>([
    ["a format that there is not", { requestFormat: "xml" as "json" }, /^requestFormat/],
    ["a secret among the parameters", { tokenParameters: { client_secret: "canary" } }, /^tokenParameters\.client_secret/],
    ["an empty path", { tokensAt: [] }, /^tokensAt/],
    ["a path that is none", { tokensAt: [1] as unknown as string[] }, /^tokensAt/],
    ["a predicate that is none", { loginRequired: true as never }, /^loginRequired/],
    ["a type in place of a list", { bearerTypes: "bot" as never }, /^bearerTypes/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => clientOf([], wrong)).toThrow(message);
  });
});
