import FakeTimers from "@sinonjs/fake-timers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryStore, readTokenResponse, type TokenStore } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, pendingLogins, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { outcomeOf } from "./fake-timers.ts";

const login = "https://login.example.com";
const metadata = { issuer: login, token_endpoint: `${login}/token`, authorization_endpoint: `${login}/authorize` };
const known: OAuthClientOptions = {
  tokenEndpoint: `${login}/token`,
  authorizationEndpoint: `${login}/authorize`,
  revocationEndpoint: `${login}/revoke`,
  introspectionEndpoint: `${login}/introspect`,
  deviceAuthorizationEndpoint: `${login}/device`,
  clientId: "id",
  clientAuth: noClientAuth(),
};
const context = { signal: new AbortController().signal, urgency: "blocking", reason: "expired" } as const;
const previous = readTokenResponse({ access_token: "a", refresh_token: "r" }, 0);

interface Wait {
  readonly name: string;
  readonly begin: (client: OAuthClient) => Promise<unknown>;
  readonly answer: object;
  readonly options?: Partial<OAuthClientOptions>;
}

/** Everything that waits for an authorization server, and what the server answers in the end. */
const waits: readonly Wait[] = [
  { name: "a refresh", begin: (client) => client.refreshToken()({ ...context, previous }), answer: { access_token: "b" } },
  { name: "client credentials", begin: (client) => client.clientCredentials()(context), answer: { access_token: "b" } },
  {
    name: "the exchange of a code",
    begin: (client) => client.exchangeCode({ code: "c", redirectUri: `${login}/` }),
    answer: { access_token: "b" },
  },
  { name: "a revocation", begin: (client) => client.revoke(readTokenResponse({ access_token: "a" }, 0)), answer: {} },
  { name: "an introspection", begin: (client) => client.introspect("token"), answer: { active: true } },
  {
    name: "the beginning of a login on another device",
    // The test ends when the code is shown.
    begin: (client) =>
      client.deviceLogin({ show: () => Promise.reject(new Error("shown")) }).catch(({ message }: Error) => {
        if (message !== "shown") throw Object.assign(new Error(message), { code: "ERR_TOKEN_REQUEST_UNKNOWN" });
      }),
    answer: { device_code: "d", user_code: "W", verification_uri: login },
  },
  {
    name: "discovery",
    begin: (client) => client.authorizationUrl({ redirectUri: `${login}/` }),
    answer: metadata,
    options: { tokenEndpoint: undefined, issuer: login },
  },
];

let clock: FakeTimers.Clock;
beforeEach(() => {
  // The platform reads bodies with these.
  clock = FakeTimers.install({ now: Date.now(), toNotFake: ["queueMicrotask", "nextTick"] });
});
afterEach(() => clock.uninstall());

/** The process was stopped for a minute: every timer is due, and nothing that arrived was read yet. */
async function stopForAMinute(): Promise<void> {
  clock.jump(60_000);
  await clock.tickAsync(0);
}

describe.each(waits)("$name, in a process that was stopped for a minute", ({ begin, answer, options }) => {
  async function start(): Promise<{ outcome: Promise<unknown>; respond: () => void }> {
    const asked = Promise.withResolvers<void>();
    const response = Promise.withResolvers<Response>();
    const client = createOAuthClient({
      ...known,
      ...options,
      fetch: () => {
        asked.resolve();
        return response.promise;
      },
    });
    const outcome = outcomeOf(begin(client));
    await asked.promise;
    return { outcome, respond: () => response.resolve(Response.json(answer)) };
  }

  it("takes an answer that has come meanwhile", async () => {
    const { outcome, respond } = await start();
    await stopForAMinute();
    respond();
    const came = await outcome;
    expect(typeof came === "string" ? came : "an answer").toBe("an answer");
  });

  it("gives up a second later when there is none", async () => {
    const { outcome } = await start();
    await stopForAMinute();
    await clock.tickAsync(1000);
    expect(await outcome).toMatch(/^ERR_TOKEN_REQUEST_/);
  });
});

it("a store that has answered meanwhile is believed by pending logins", async () => {
  const inner = memoryStore();
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const store: TokenStore = {
    async read(key, options) {
      asked.resolve();
      await gate.promise;
      return inner.read(key, options);
    },
    compareAndSet: (...given) => inner.compareAndSet(...given),
  };
  const { pending } = await createOAuthClient(known).authorizationUrl({ redirectUri: `${login}/` });
  const kept = outcomeOf(pendingLogins(store).keep("ada", pending));
  await asked.promise;
  await stopForAMinute();
  gate.resolve();
  expect(await kept).toBeUndefined();
});
