import { createTokenCache, createTokenEndpointQueue, systemClock, type TokenCache, type TokenEvent } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { defineProfile, profiles, type Provider } from "@tokenflight/oauth/profiles";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { readBody } from "../servers/read-body.ts";
import { startResourceApi } from "../servers/resource-api.ts";

/** A machine that has much else to do may take so long. */
const busyMachine = { timeout: 10_000 };

/** How the server deals with its n-th token request, from 0: answers with this, or does not answer. */
type Answers = (index: number) => object | undefined;

interface Login {
  readonly tokens: TokenCache;
  readonly events: TokenEvent[];
  /** The refresh tokens that were sent. */
  readonly sent: readonly (string | null)[];
}

/** Milliseconds by which it is later than it was when the test began. */
let later = 0;

beforeEach(() => {
  later = 0;
  const now = vi.spyOn(systemClock, "now").mockImplementation(() => Date.now() + later);
  return () => now.mockRestore();
});

/** A user of this provider, who has just logged in. */
async function logIn({ oauth, cache, queue, profile }: Provider, answers: Answers = () => ({})): Promise<Login> {
  const sent: (string | null)[] = [];
  const server = await startLoopback(() => async (request, response) => {
    const form = new URLSearchParams((await readBody(request, 4096)).bytes.toString());
    const index = sent.push(form.get("refresh_token")) - 1;
    const fields = answers(index);
    if (fields === undefined) return void response.socket?.resetAndDestroy();
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ access_token: `access-${index}`, refresh_token: `refresh-${index}`, expires_in: profile.lifetime, ...fields }),
    );
  });
  onTestFinished(() => server.close());
  const client = createOAuthClient({ ...oauth, tokenEndpoint: `${server.origin}/token`, clientId: "id", clientAuth: noClientAuth() });
  const events: TokenEvent[] = [];
  const tokens = createTokenCache({
    ...cache,
    source: client.refreshToken(),
    queue: createTokenEndpointQueue(queue),
    observe: (event) => events.push(event),
  });
  await tokens.save({ access_token: "access", refresh_token: "refresh", expires_in: profile.lifetime });
  return { tokens, events, sent };
}

describe("Exact Online", () => {
  const { lifetime = 0 } = profiles.exact.profile;

  it("is not asked before the last 30 seconds, whatever the API or a caller says", async () => {
    const login = await logIn(profiles.exact);
    await using api = await startResourceApi({ isActive: () => false });
    later = (lifetime - 40) * 1000;
    const current = await login.tokens.get();
    await expect(login.tokens.renew(current)).rejects.toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
      message: "No token request was sent: this server refreshes an access token in its last 30 seconds only.",
      retryAfter: expect.closeTo(10_000, -3),
    });
    const send = bearer(login.tokens, { origins: api.origin })(fetch);
    expect((await send(`${api.origin}/orders`)).status).toBe(401);
    expect(api.requests.map(({ authorization }) => authorization)).toEqual(["Bearer access"]);
    expect(login.sent).toEqual([]);
  });

  it("is asked ahead within them, in time", async () => {
    const { tokens, sent, events } = await logIn(profiles.exact);
    for (const left of [300, 60, 31]) {
      later = (lifetime - left) * 1000;
      expect(tokens.peek()?.accessToken).toBe("access");
    }
    later = (lifetime - 19) * 1000;
    expect(tokens.peek()?.accessToken).toBe("access");
    await expect.poll(() => tokens.peek()?.accessToken, busyMachine).toBe("access-0");
    expect(sent).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(["token-saved", "refresh-started", "token-obtained"]);
  });
});

it("GitHub, where a refresh kills the old token, is asked when that one is over and not before", async () => {
  const { lifetime = 0 } = profiles.github.profile;
  const careful = await logIn(profiles.github);
  const usual = await logIn(defineProfile({ name: "Like it", lifetime }));
  later = (lifetime - 60) * 1000;
  expect([careful.tokens.peek()?.accessToken, usual.tokens.peek()?.accessToken]).toEqual(["access", "access"]);
  await expect.poll(() => usual.tokens.peek()?.accessToken, busyMachine).toBe("access-0");
  expect(careful.sent).toEqual([]);
  later = (lifetime - 29) * 1000;
  expect(careful.tokens.peek()).toBeUndefined();
  expect((await careful.tokens.get()).accessToken).toBe("access-0");
});

it("Zoho's quota is kept by its queue: the eleventh request in ten minutes waits for its turn", async () => {
  const zoho = await logIn(profiles.zoho);
  const usual = await logIn(defineProfile({ name: "Like it", lifetime: 3600 }));
  for (let turn = 0; turn < 10; turn += 1) await zoho.tokens.renew(await zoho.tokens.get());
  const abort = new AbortController();
  const eleventh = zoho.tokens.renew(await zoho.tokens.get(), { signal: abort.signal });
  const outcome = expect(eleventh).rejects.toThrow("no longer");
  for (let turn = 0; turn < 20; turn += 1) await usual.tokens.renew(await usual.tokens.get());
  abort.abort(new Error("no longer"));
  await outcome;
  expect([zoho.sent.length, usual.sent.length]).toEqual([10, 20]);
});

it("HubSpot's 401 is the API's answer, and no reason to refresh", async () => {
  const { tokens, sent } = await logIn(profiles.hubspot);
  await using api = await startResourceApi({ isActive: () => false });
  const send = bearer(tokens, { origins: api.origin, ...profiles.hubspot.adapter })(fetch);
  expect((await send(`${api.origin}/contacts`)).status).toBe(401);
  expect([api.requests.length, sent.length]).toEqual([1, 0]);
});

describe("an answer that is lost", () => {
  const lost: Answers = (index) => (index === 0 ? undefined : {});

  it.each([profiles.okta, profiles.xero])(
    "is asked for again at once where the refresh token still works for a while: $name",
    async (provider) => {
      const { tokens, sent, events } = await logIn(provider, lost);
      expect((await tokens.renew(await tokens.get())).accessToken).toBe("access-1");
      expect(sent).toEqual(["refresh", "refresh"]);
      const types = events.map(({ type }) => type);
      expect(types).toEqual(["token-saved", "token-refused", "refresh-started", "token-obtained"]);
    },
  );

  it.each([profiles.auth0, profiles.github, profiles.salesforce])("is nothing to be sure of anywhere else: $name", async (provider) => {
    const { tokens, sent } = await logIn(provider, lost);
    await expect(tokens.renew(await tokens.get())).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(sent).toHaveLength(1);
  });

  it("is asked for once more and not twice", async () => {
    const { tokens, sent } = await logIn(profiles.okta, () => undefined);
    await expect(tokens.renew(await tokens.get())).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(sent).toHaveLength(2);
  });
});

it.each([
  ["slack", "invalid_refresh_token"],
  ["github", "bad_refresh_token"],
  ["keycloak", "invalid_grant"],
] as const)("%s says with %s that the session is over, and is not asked again", async (name, error) => {
  const { tokens, sent } = await logIn(profiles[name], () => ({ access_token: undefined, refresh_token: undefined, error }));
  for (let turn = 0; turn < 3; turn += 1) {
    await expect(tokens.renew(await tokens.get().catch(() => tokens.save({ access_token: "x" })))).rejects.toMatchObject({
      code: "ERR_LOGIN_REQUIRED",
    });
  }
  expect(sent).toHaveLength(1);
});
