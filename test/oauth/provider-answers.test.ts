import { createTokenCache, memoryStore, systemClock, TokenflightError, type TokenCache } from "@tokenflight/core";
import { clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { profiles, type ProviderName } from "@tokenflight/oauth/profiles";
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { providerAnswers, type ProviderAnswer } from "../servers/provider-answers.ts";
import { startProvider, type Oddity, type ProviderEndpoint } from "../servers/provider-endpoint.ts";

const names = Object.keys(profiles) as ProviderName[];

/** Milliseconds by which it is later than it was when the test began. */
let later = 0;

beforeEach(() => {
  later = 0;
  const monotonic = systemClock.monotonic.bind(systemClock);
  const spies = [
    vi.spyOn(systemClock, "now").mockImplementation(() => Date.now() + later),
    vi.spyOn(systemClock, "monotonic").mockImplementation(() => monotonic() + later),
  ];
  return () => spies.forEach((spy) => spy.mockRestore());
});

/** What the whole table has counted. */
const tally = { refreshes: 0, dropped: 0, endedWithoutCause: 0, deadRecognised: 0 };

interface Session {
  readonly server: ProviderEndpoint;
  readonly tokens: TokenCache;
  /** The refresh token that is in the store. */
  stored(): Promise<string | undefined>;
  /** Refreshes once, after the access token is over. Gives the code of the error, if there was one. */
  refresh(): Promise<string | undefined>;
}

/** Somebody who has just logged in at this provider, through a real client, cache and store. */
async function logIn(name: ProviderName): Promise<Session> {
  const { oauth, cache, profile } = profiles[name];
  const server = await startProvider(profiles[name], providerAnswers[name]);
  onTestFinished(() => server.close());
  const { tokenEndpoint } = server;
  const client = createOAuthClient({ ...oauth, tokenEndpoint, clientId: "id", clientAuth: clientSecretPost("secret") });
  const memory = memoryStore();
  let entry = "";
  const compareAndSet: typeof memory.compareAndSet = (key, ...change) => memory.compareAndSet((entry = key), ...change);
  const tokens = createTokenCache({ ...cache, source: client.refreshToken(), store: { ...memory, compareAndSet }, key: "user" });
  await tokens.save(await client.exchangeCode({ code: "code", redirectUri: "https://app.example/callback" }));
  return {
    server,
    tokens,
    async stored() {
      const { value = "{}" } = (await memory.read(entry)) ?? {};
      return (JSON.parse(value) as { tokens?: { refresh_token?: string } }).tokens?.refresh_token;
    },
    async refresh() {
      later += (profile.lifetime ?? 3600) * 1000 + 1000;
      tally.refreshes += 1;
      const held = tokens.peek();
      const before = server.sent.length;
      const code = await (held === undefined ? tokens.get() : tokens.renew(held)).then(
        () => undefined,
        (error: unknown) => (TokenflightError.is(error) ? error.code : String(error)),
      );
      expect(server.sent.length - before, "token requests").toBeGreaterThan(0);
      return code;
    },
  };
}

/** Good answers with one odd field, or none that can be used, and what comes of each. `undefined`: a token. */
const oddities = (lifetime: number): readonly (readonly [name: string, odd: Oddity, code: string | undefined])[] => [
  ["a lifetime in digits", { fields: { expires_in: `${lifetime}` } }, undefined],
  ["a lifetime below zero", { fields: { expires_in: -1 } }, undefined],
  ["a scope that is a list of numbers", { fields: { scope: [1] } }, undefined],
  ["an id token that is an object", { fields: { id_token: {} } }, undefined],
  ["a token type that is a number", { fields: { token_type: 1 } }, undefined],
  ["a token of another type", { fields: { token_type: "mac" } }, "ERR_INVALID_TOKEN_RESPONSE"],
  ["a line break in the access token", { fields: { access_token: "a\r\nb: c" } }, "ERR_INVALID_TOKEN_RESPONSE"],
  ["no access token", { fields: { access_token: undefined } }, "ERR_INVALID_TOKEN_RESPONSE"],
  ["tokens with status 500", { status: 500 }, "ERR_TOKEN_REQUEST_UNKNOWN"],
];

/** What every provider may say while a session is fine. */
const troubles = (dead: ProviderAnswer): readonly ProviderAnswer[] => [
  { status: 400, body: { error: "invalid_request", error_description: "A parameter is missing." } },
  { status: 400, body: { error: "unsupported_grant_type" } },
  { status: 401, body: { error: "invalid_client" } },
  { status: 400, body: "<html><h1>Bad request</h1></html>" },
  { ...dead, status: 500 },
  { ...dead, status: 503, headers: { "retry-after": "90" } },
];

describe.each(names)("%s (field lines 99, 100, 101)", (name) => {
  const { dead, throttled = { status: 429, body: { error: "slow_down" } }, passing = [] } = providerAnswers[name];

  async function requireSession(session: Session, what: string): Promise<void> {
    const { server, stored } = session;
    const isKept = (await stored()) === server.current;
    if (!isKept) tally.dropped += 1;
    expect(await stored(), `the refresh token after ${what}`).toBe(server.current);
    expect(server.sent.at(-1), what).toMatch(/^refresh-\d+$/);
  }

  it("gives tokens, each of which replaces the one before, and drops no refresh token over an odd answer", async () => {
    const session = await logIn(name);
    expect(await session.stored()).toBe(session.server.current);
    expect(await session.refresh()).toBeUndefined();
    await requireSession(session, "a refresh");
    for (const [what, odd, code] of oddities(profiles[name].profile.lifetime ?? 3600)) {
      session.server.odd = odd;
      expect(await session.refresh(), what).toBe(code);
      await requireSession(session, what);
      session.server.odd = {};
    }
    expect(await session.refresh()).toBeUndefined();
    await requireSession(session, "all of it");
  });

  it("is throttled, refuses and fails without the end of a session", async () => {
    const session = await logIn(name);
    const { server } = session;
    const slow = { ...throttled, headers: { "retry-after": "90" } };
    for (const mood of [slow, ...passing, ...troubles(dead)]) {
      server.mood = mood;
      const code = await session.refresh();
      if (code === undefined || code === "ERR_LOGIN_REQUIRED") tally.endedWithoutCause += 1;
      expect(code, JSON.stringify(mood)).toMatch(/^ERR_TOKEN_REQUEST_(?:REFUSED|THROTTLED|UNKNOWN)$/);
      await requireSession(session, JSON.stringify(mood));
    }
    server.mood = undefined;
    expect(await session.refresh()).toBeUndefined();
    await requireSession(session, "all of it");
  });

  it("says in its own words that a refresh token is dead, and is not asked again", async () => {
    const { server, tokens, refresh } = await logIn(name);
    server.mood = dead;
    expect(await refresh()).toBe("ERR_LOGIN_REQUIRED");
    tally.deadRecognised += 1;
    const asked = server.sent.length;
    await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect(server.sent).toHaveLength(asked);
  });
});

afterAll(() => {
  const { refreshes, dropped, endedWithoutCause, deadRecognised } = tally;
  process.stdout.write(
    `providers: ${names.length}, refreshes: ${refreshes}; refresh tokens dropped: ${dropped}, sessions ended without cause: ${endedWithoutCause}, dead tokens recognised: ${deadRecognised} of ${names.length}\n`,
  );
});
