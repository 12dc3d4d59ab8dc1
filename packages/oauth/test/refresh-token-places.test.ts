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

describe.concurrent("a new refresh token is kept wherever it stands (field lines 99, 100, 111)", () => {
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
    ["Slack, a token of another kind without an envelope", 200, { ...tokens, token_type: "mac" }, profiles.slackUser.oauth],
    ["status 401, and an unknown word", 401, { ...tokens, error: "odd" }],
  ])("%s", async (_, status, body, options) => {
    expect(await heldAfter(status, body, options)).toBe("refresh-1");
  });

  it("an envelope of JSON text is read as one", async () => {
    const { tokens: cache } = await logIn([[200, { body: JSON.stringify(tokens) }]], { tokensAt: "body" });
    expect(await cache.renew(await cache.get())).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-1" });
  });
});

describe.concurrent("the one before stays where an answer has another party's (field line 100)", () => {
  const user = { access_token: "user-1", token_type: "user", refresh_token: "user-refresh" };
  const bot = { access_token: "bot-1", token_type: "bot", refresh_token: "bot-refresh" };

  it.each<[string, Body, Partial<OAuthClientOptions>?]>([
    ["within, beside another access token", { ...access, other: { access_token: "access-2", refresh_token: "other" } }],
    ["around, beside another access token", { data: access, access_token: "access-2", refresh_token: "other" }, { tokensAt: "data" }],
    ["two within, of which nobody knows whose they are", { a: tokens, b: { ...tokens, refresh_token: "refresh-2" } }],
    ["Slack: only the bot's, and the user's are meant", { ...bot, authed_user: { id: "U1" } }, profiles.slackUser.oauth],
    ["Slack: only the bot's, without a word about a user", bot, profiles.slackUser.oauth],
    ["Slack: only the user's, and the bot's are meant", { ok: true, authed_user: user }, profiles.slack.oauth],
  ])("%s", async (_, body, options) => {
    expect(await heldAfter(200, body, options)).toBe("refresh-0");
  });
});

/** Fields that hold what is known of the user elsewhere, and what stands there. */
const linked: [string, (set: object) => object][] = [
  ["a user's identities", (set) => ({ user: { identities: [{ provider: "b", ...set }] } })],
  ["a user", (set) => ({ user: { b: set } })],
  ["a user within data", (set) => ({ data: { user: set } })],
  ["a provider", (set) => ({ provider: { name: "b", token: "theirs", ...set } })],
  ["linked accounts", (set) => ({ linked: [{ provider: "b", ...set }] })],
  ["integrations", (set) => ({ integrations: { crm: set } })],
  ["a field of any name", (set) => ({ b: set })],
  ["an account in JSON text", (set) => ({ account: JSON.stringify(set) })],
];
const theirs: object[] = [
  { refresh_token: "theirs" },
  { refreshToken: "theirs", expiresIn: 60 },
  { access_token: "theirs-1", refresh_token: "theirs" },
  { accessToken: "theirs-1", refreshToken: "theirs" },
  { access_token: null, refresh_token: "theirs" },
  { access_token: 17, token_type: "Bearer", refreshToken: "theirs" },
];
/** How an answer may be written. */
const writings: [string, (fields: object) => Body][] = [
  ["JSON", (fields) => fields],
  ["JSON after a warning", (fields) => `Warning: {deprecated} ${JSON.stringify(fields)}`],
  ["JSON before a comment", (fields) => `${JSON.stringify(fields)}<!-- {cached} -->`],
  ["JSON that was cut off", (fields) => `${JSON.stringify({ ...fields, more: "x" }).slice(0, -2)}`],
  ["JSON with a comma too many", (fields) => `${JSON.stringify(fields).slice(0, -1)},}`],
];

describe.concurrent.each(writings)("whose a refresh token is, in %s (field line 100)", (_, write) => {
  it.each(linked)("another party's in %s is not taken", async (__, within) => {
    for (const set of theirs) {
      for (const own of [access, { accessToken: "access-1", token_type: "Bearer" }])
        expect([set, await heldAfter(200, write({ ...own, ...within(set) }))]).toEqual([set, "refresh-0"]);
      expect([set, await heldAfter(200, write({ ...tokens, ...within(set) }))]).toEqual([set, "refresh-1"]);
    }
  });

  it.each(["data", "result", "tokens", "body", "response"])("this user's in %s is", async (name) => {
    const sets = [{ refresh_token: "refresh-1" }, [{ refreshToken: "refresh-1" }], { data: { refresh_token: "refresh-1" } }];
    for (const set of sets) expect([set, await heldAfter(200, write({ ...access, [name]: set }))]).toEqual([set, "refresh-1"]);
    const others = [
      { access_token: "theirs-1", refresh_token: "theirs" },
      { accessToken: "theirs-1", refreshToken: "theirs" },
    ];
    for (const set of others) expect([set, await heldAfter(200, write({ ...access, [name]: set }))]).toEqual([set, "refresh-0"]);
  });

  it("beside the same access token it is this user's, wherever that is; and at the place that the option names", async () => {
    for (const [, within] of linked) {
      for (const set of [tokens, { accessToken: "access-1", refreshToken: "refresh-1" }])
        expect(await heldAfter(200, write({ ...access, ...within(set) }))).toBe("refresh-1");
    }
    const named = { ...access, account: { refresh_token: "refresh-1" } };
    expect(await heldAfter(200, write(named), { tokensAt: "account" })).toBe("refresh-1");
  });

  it("without an access token of this user's, another party's is not taken either", async () => {
    for (const set of theirs) expect(await heldAfter(200, write({ ok: true, user: { identities: [set] } }))).toBe("refresh-0");
  });
});

describe.concurrent("what was sent, quoted beside an answer that is no JSON as a whole, is not kept (field line 99)", () => {
  const quotes = [
    ...["refresh-0", "refresh-0;", "refresh-0,", "refresh-0).", "refre", "refresh-0%3B"].map(
      (said) => `grant_type=refresh_token&refresh_token=${said}`,
    ),
    JSON.stringify({ request: { refresh_token: "refr0" } }),
    JSON.stringify({ level: "debug", refresh_token: "refr0" }),
    "curl -d 'refresh_token=EXAMPLE'",
  ];
  const placed: [string, (quote: string, answer: string) => string][] = [
    ["before it", (quote, answer) => `Notice: ${quote} in /token.php\n${answer}`],
    ["behind it", (quote, answer) => `${answer}\n<!-- ${quote} -->`],
  ];

  it.each(placed)("%s", async (_, place) => {
    for (const quote of quotes) {
      expect([quote, await heldAfter(200, place(quote, JSON.stringify(tokens)))]).toEqual([quote, "refresh-1"]);
      expect([quote, await heldAfter(200, place(quote, JSON.stringify(access)))]).toEqual([quote, "refresh-0"]);
    }
  });

  it("in a form, where another one is this user's; and of two new ones neither is", async () => {
    const withQuote = (quote: string): string => `Notice: ${quote} in /token.php\n${form}&refresh_token=refresh-1`;
    for (const quote of quotes.slice(0, 6)) expect([quote, await heldAfter(200, withQuote(quote))]).toEqual([quote, "refresh-1"]);
    expect(await heldAfter(200, withQuote("refresh_token=EXAMPLE"))).toBe("refresh-0");
    expect(await heldAfter(200, `${JSON.stringify(tokens)} ${JSON.stringify({ ...tokens, refresh_token: "refresh-2" })}`)).toBe(
      "refresh-0",
    );
    expect(await heldAfter(200, `${JSON.stringify(tokens)} ${JSON.stringify(tokens)}`)).toBe("refresh-1");
  });

  it("and what looks like the beginning of many objects takes no long time to read", async () => {
    for (const text of ['{"'.repeat(100_000), '{"token":['.repeat(25_000), `{"token":1${",".repeat(200_000)}`]) {
      const start = performance.now();
      expect(await heldAfter(200, text)).toBe("refresh-0");
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});

describe.concurrent("a word or a mask in its place, in a good answer, says that there is none (field line 99)", () => {
  const words = ["null", "undefined", "None", "NULL", "nil", "(null)", "N/A", "n/a", "false", "redacted", "[REDACTED]", "<hidden>"];
  const masks = ["***", "********", "••••", "xxxx", "XXXX-XXXX", "----", "…", " ", "\t \n", "\u00a0"];

  it.each([...words, ...masks])("%j", async (said) => {
    const asForm = `${form}&refresh_token=${encodeURIComponent(said)}`;
    for (const body of [{ ...access, refresh_token: said }, { ...access, refreshToken: said }, asForm]) {
      const { tokens: cache, events } = await logIn([[200, body]]);
      expect(await cache.renew(await cache.get())).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-0" });
      expect(events.filter(({ type }) => type === "fields-ignored")).toEqual([]);
    }
    const past = [{ refreshToken: "refresh-1" }, { data: { refresh_token: "refresh-1" } }];
    for (const more of past) expect(await heldAfter(200, { ...access, refresh_token: said, ...more })).toBe("refresh-1");
  });

  it.each(["null-1", "1//0abc...def", "a***b", "x", "xx", "nullable", "none.of.these", "refresh_token", "-a-", "+/+/a="])(
    "but not %j, which may be one",
    async (said) => {
      expect(await heldAfter(200, { ...access, refresh_token: said })).toBe(said);
    },
  );

  it("and the line breaks around one are no part of it", async () => {
    for (const said of ["refresh-1\n", "refresh-1\r\n", "\nrefresh-1"]) {
      const bodies = [
        { ...access, refresh_token: said },
        `${form}&refresh_token=${encodeURIComponent(said)}`,
        { ...access, data: { refreshToken: said } },
      ];
      for (const body of bodies) expect(await heldAfter(200, body)).toBe("refresh-1");
    }
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

describe.concurrent("the one before stays where a failure repeats it in disguise, or names it (field lines 99, 101)", () => {
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
    const bodies = [...disguises, ...words].map(body);
    expect(await heldAfterEach(status, bodies)).toEqual(bodies.map((one) => [one, "refresh-0"]));
  });

  it.each(failures)("%s, whatever stands there", async (_, status, body) => {
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

/** How an answer says that something went wrong, and what. */
const errors: [string, (code: string) => object][] = [
  ["a text", (error) => ({ error })],
  ["a text in an object", (code) => ({ error: { code, message: "no" } })],
  ["a type in an object", (type) => ({ error: { type, code: 17 } })],
  ["a list of objects", (code) => ({ errors: [{ code }] })],
  ["a list of texts", (code) => ({ errors: [code] })],
  ["no success", (code) => ({ success: false, code, message: "no" })],
  ["not ok", (code) => ({ ok: false, error_code: code })],
];
/** The same without a word that could be read. */
const wordless: object[] = [
  { error: { message: "no" } },
  { error: true },
  { error: 17 },
  { error: "17" },
  { error: "failed" },
  { error: ["no"] },
  { errors: { refresh_token: ["is wrong"] } },
  { success: false },
  { ok: false },
];
/** What stands beside a refresh token in its echo. */
const echoes: object[] = [
  {},
  { grant_type: "refresh_token", client_id: "id" },
  { token_type: "Bearer" },
  { tokenType: "refresh_token" },
  { expires_in: 0, access_token: null },
  { access_token: "" },
  { accessToken: ["access-1"] },
];
const shapes: [string, (fields: object) => Body, Partial<OAuthClientOptions>?][] = [
  ["an object", (fields) => fields],
  ["an object in an envelope", (fields) => ({ data: fields }), { tokensAt: "data" }],
  ["an object that was cut off", (fields) => `${JSON.stringify(fields).slice(0, -1)},"more":"x`],
  ["an object after a warning", (fields) => `Warning: deprecated ${JSON.stringify(fields)}`],
];

/** What is held after each of these answers, each to a login of its own. */
async function heldAfterEach(status: number, bodies: Body[], options?: Partial<OAuthClientOptions>): Promise<[Body, string | undefined][]> {
  return Promise.all(bodies.map(async (body) => [body, await heldAfter(status, body, options)]));
}

describe.concurrent.each(shapes)("an echo in a failure is no new refresh token: %s (field line 99)", (_, shape, options) => {
  const bodiesOf = (failures: object[], besides: object[]): Body[] =>
    failures.flatMap((failure) => besides.map((beside) => shape({ ...failure, refresh_token: "something-else", ...beside })));
  const expectHeld = async (status: number, bodies: Body[], held: string): Promise<void> =>
    expect(await heldAfterEach(status, bodies, options)).toEqual(bodies.map((body) => [body, held]));

  it.each(errors)("200 with %s", async (__, says) => {
    await expectHeld(200, bodiesOf([says("server_error"), says("odd")], echoes), "refresh-0");
  });

  it("200 with what says nothing more than that", async () => {
    await expectHeld(200, bodiesOf(wordless, echoes), "refresh-0");
  });

  it("200 with a code alone, which says that the request was wrong", async () => {
    await expectHeld(200, bodiesOf([{ code: "invalid_request" }, { error_code: "INVALID_CLIENT" }], echoes), "refresh-0");
  });

  it.each([302, 400, 401, 403, 404, 429, 500, 503])("%i", async (status) => {
    const disguised = [{ access_token: "***" }, { access_token: "[REDACTED]", token_type: "Bearer" }];
    const failures = [{}, { error: "odd" }, { error: { code: "odd" } }, { message: "no" }];
    await expectHeld(status, bodiesOf(failures, [...echoes, ...disguised]), "refresh-0");
  });

  it.each([200, 302, 403, 500])("but one beside an access token is, with %i and whatever error", async (status) => {
    const failures = [...wordless, ...errors.map(([, says]) => says("odd"))];
    await expectHeld(status, bodiesOf(failures, [tokens]), "refresh-1");
  });

  it("and an error that says nothing is none", async () => {
    const failures = [null, false, "", "none", "n/a", "noerror", 0, [], {}].map((error) => ({ error, errors: error, success: true }));
    await expectHeld(200, bodiesOf(failures, [{ refresh_token: "refresh-1", token_type: "Bearer" }]), "refresh-1");
  });
});

describe.concurrent("a dead refresh token is recognised with status 200, whatever echoes it (field line 101)", () => {
  it.each(errors)("%s", async (_, says) => {
    for (const [, shape, options] of shapes.slice(0, 2)) {
      for (const echo of echoes) {
        const body = shape({ ...says("invalid_grant"), refresh_token: "something-else", ...echo });
        const { tokens: cache } = await logIn([[200, body]], options);
        await expect(cache.renew(await cache.get()), JSON.stringify(body)).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
      }
    }
  });

  it("a sentence", async () => {
    const { tokens: cache } = await logIn([[200, { success: false, message: "The refresh token has expired.", refresh_token: "echo" }]]);
    await expect(cache.renew(await cache.get())).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  });
});

describe.concurrent("a page may show an example, which is no new refresh token (field line 99)", () => {
  const example = `<pre>${JSON.stringify(tokens)}</pre><a href="/?${form}&refresh_token=refresh-1">again</a>`;
  const starts = [
    "<!DOCTYPE html><html>",
    "<html>",
    "<HTML lang=en>",
    "<!-- error --><html>",
    "<head></head><body>",
    "<body>",
    "<title>Error</title>",
    "<h1>Error</h1>",
    "<script>",
    '<?xml version="1.0"?><!DOCTYPE html><html>',
    "<error>",
    "",
  ];

  it.each(starts)("%s", async (start) => {
    const pages = ["", "\n\t ", "\uFEFF", "\uFEFF\uFEFF \r\n"].map((before) => `${before}${start}${example}`);
    for (const status of [200, 400, 404, 500, 502]) {
      expect([status, await heldAfterEach(status, pages)]).toEqual([status, pages.map((page) => [page, "refresh-0"])]);
    }
  });

  it("a warning, as PHP writes it, begins a page where there are no tokens to expect", async () => {
    for (const status of [400, 500]) expect(await heldAfter(status, `<b>Error</b>: ${example}`)).toBe("refresh-0");
  });
});
