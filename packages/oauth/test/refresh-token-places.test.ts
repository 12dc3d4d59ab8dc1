import { describe, expect, it } from "vitest";
import type { OAuthClientOptions } from "@tokenflight/oauth";
import { profiles } from "@tokenflight/oauth/profiles";
import { logIn, type Body } from "./logged-in.ts";

/** The refresh token that is held after one refresh with this answer; undefined when the session is over. */
async function heldAfter(status: number, body: Body, options: Partial<OAuthClientOptions> = {}): Promise<string | undefined> {
  const { tokens } = await logIn([[status, body]], options);
  await tokens.renew(await tokens.get()).catch(() => {});
  return tokens.peek()?.refreshToken;
}

const access = { access_token: "access-1", expires_in: 3600 };
const tokens = { ...access, refresh_token: "refresh-1" };
const form = "access_token=access-1&token_type=bearer&expires_in=3600";

describe("a new refresh token is kept wherever it stands (field lines 99, 100, 111)", () => {
  it.each<[string, number, Body, Partial<OAuthClientOptions>?]>([
    ["a form with a space as it is", 200, `${form}&scope=read write&refresh_token=refresh-1`],
    ["a form with a quotation mark", 200, `${form}&refresh_token=refresh-1&note="x"`],
    ["a form with lines", 200, `${form}\n&refresh_token=refresh-1\n`],
    ["a form with other names", 200, "accessToken=access-1&refreshToken=refresh-1"],
    ["a form after a warning", 200, `<b>Deprecated</b> ${form}&refresh_token=refresh-1`],
    ["other names", 200, { accessToken: "access-1", refreshToken: "refresh-1" }],
    ["other names and status 500", 500, { accessToken: "access-1", expiresIn: 60, refreshToken: "refresh-1" }],
    ["a number in its place, and the other name", 200, { ...access, refresh_token: 1, refreshToken: "refresh-1" }],
    ["alone", 200, { refresh_token: "refresh-1" }],
    ["alone, cut off", 200, '{"refresh_token":"refresh-1","acc'],
    ["within, in an envelope that has no name", 200, { ...access, data: { refresh_token: "refresh-1" } }],
    ["within, in a list", 200, { ...access, data: [{ refresh_token: "refresh-1", scope: "a" }] }],
    ["within, beside the same access token", 200, { ...access, data: tokens }],
    ["around the envelope", 200, { data: access, refresh_token: "refresh-1" }, { tokensAt: "data" }],
    ["within the envelope, the access token around it", 200, { ...access, data: { refresh_token: "refresh-1" } }, { tokensAt: "data" }],
    ["around an envelope of null", 200, { ...tokens, data: { access_token: null } }, { tokensAt: "data" }],
    ["an envelope of JSON text", 200, { statusCode: 200, body: JSON.stringify(tokens) }, { tokensAt: "body" }],
    ["JSON text that nobody has named", 200, { statusCode: 200, body: JSON.stringify(tokens) }],
    ["a redirect", 302, tokens],
    ["a body that is too long, as one chunk", 200, JSON.stringify({ ...tokens, rest: "x".repeat(300_000) })],
    ["an error beside tokens", 200, { ...tokens, error: "server_error" }],
    ["status 500", 500, tokens],
    ["status 401, and an unknown word", 401, { ...tokens, error: "odd" }],
  ])("%s", async (_, status, body, options) => {
    expect(await heldAfter(status, body, options)).toBe("refresh-1");
  });

  it("an envelope of JSON text is read as one", async () => {
    const { tokens: cache } = await logIn([[200, { body: JSON.stringify(tokens) }]], { tokensAt: "body" });
    expect(await cache.renew(await cache.get())).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-1" });
  });
});

describe("the one before stays where an answer has another party's (field line 100)", () => {
  const user = { access_token: "user-1", token_type: "user", refresh_token: "user-refresh" };
  const bot = { access_token: "bot-1", token_type: "bot", refresh_token: "bot-refresh" };

  it.each<[string, Body, Partial<OAuthClientOptions>?]>([
    ["within, beside another access token", { ...access, other: { access_token: "access-2", refresh_token: "other" } }],
    ["around, beside another access token", { data: access, access_token: "access-2", refresh_token: "other" }, { tokensAt: "data" }],
    ["two within, of which nobody knows whose they are", { a: tokens, b: { ...tokens, refresh_token: "refresh-2" } }],
    ["Slack: only the bot's, and the user's are meant", { ...bot, authed_user: { id: "U1" } }, profiles.slackUser.oauth],
    ["Slack: only the user's, and the bot's are meant", { ok: true, authed_user: user }, profiles.slack.oauth],
  ])("%s", async (_, body, options) => {
    expect(await heldAfter(200, body, options)).toBe("refresh-0");
  });
});

const disguises = [
  "***",
  "********",
  "xxxxx",
  "[REDACTED]",
  "[FILTERED]",
  "<hidden>",
  "%REFRESH%",
  "{{refresh_token}}",
  "re…-0",
  "refr****",
];
const words = ["invalid", "expired", "REQUIRED", "string", "YOUR_REFRESH_TOKEN"];

describe("the one before stays where a failure repeats it in disguise, or names it (field lines 99, 101)", () => {
  const failures: [string, number, (said: string) => Body][] = [
    ["500, in its JSON", 500, (said) => ({ error: "server_error", grant_type: "refresh_token", refresh_token: said })],
    ["502, in its text", 502, (said) => `Bad gateway: {"grant_type":"refresh_token","refresh_token":${JSON.stringify(said)}}`],
    ["502, in a form in its text", 502, (said) => `Bad gateway: grant_type=refresh_token&refresh_token=${encodeURIComponent(said)}`],
    ["500, in a page", 500, (said) => `<!DOCTYPE html><pre>{"access_token":"a","refresh_token":${JSON.stringify(said)}}</pre>`],
    ["429", 429, (said) => ({ refresh_token: said, message: "slow down" })],
    ["401 to the client", 401, (said) => ({ error: "invalid_client", client_id: "id", expires_in: 0, refresh_token: said })],
    ["400 about the field", 400, (said) => ({ refresh_token: said })],
    ["200 about the field", 200, (said) => ({ ok: false, refresh_token: said })],
    ["200 with an error", 200, (said) => ({ error: "temporarily_unavailable", refresh_token: said })],
    ["200 with a page", 200, (said) => `<html><script>var config={"refresh_token":${JSON.stringify(said)}}</script></html>`],
  ];

  it.each(failures)("%s", async (_, status, body) => {
    for (const said of [...disguises, ...words]) expect([said, await heldAfter(status, body(said))]).toEqual([said, "refresh-0"]);
  });

  it.each(failures.filter(([name]) => name !== "200 about the field"))("%s, whatever stands there", async (_, status, body) => {
    expect(await heldAfter(status, body("something-else"))).toBe("refresh-0");
  });

  it.each<[string, object]>([
    ["alone", {}],
    ["beside other fields of tokens", { expires_in: 0, access_token: "a" }],
  ])("a dead one is recognised all the same: %s", async (_, beside) => {
    for (const said of ["expired", "***", "something-else"]) {
      const { tokens: cache } = await logIn([[400, { error: "invalid_grant", refresh_token: said, ...beside }]]);
      await expect(cache.renew(await cache.get())).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    }
  });
});
