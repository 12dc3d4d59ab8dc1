import { afterEach, describe, expect, it } from "vitest";
import axios from "axios";
import ky from "ky";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, createTokenPool, memoryStore, TokenRequestError, type TokenCache, type TokenSource } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import { createOAuthClient, noClientAuth, pendingLogins, type OAuthClientOptions } from "@tokenflight/oauth";
import { libraries, outcomeOf } from "./fake-timers.ts";

const origin = "https://api.example.com";
const hour = 3_600_000;

const numbered = (): TokenSource => {
  let calls = 0;
  return async () => ({ access_token: `T${(calls += 1)}`, expires_in: 600 });
};
const bare = (): TokenCache => createTokenCache({ source: numbered() });
/** Accepts the second token only. */
const statusFor = (authorization: unknown): number => (String(authorization) === "Bearer T2" ? 200 : 401);

const answerWith =
  (body: string | null) =>
  async (_input: unknown, init?: RequestInit): Promise<Response> =>
    new Response(body, { status: statusFor(new Headers(init?.headers).get("authorization")) });

const anywhere: OAuthClientOptions = { tokenEndpoint: "https://login.example.com/token", clientId: "id", clientAuth: noClientAuth() };
const never = (): Promise<never> => new Promise(() => {});
const realImmediate = setImmediate;
const realTurn = (): Promise<void> => new Promise((resolve) => void realImmediate(resolve));

describe.each(libraries)("$name", ({ install, advance, uninstall, movesTimers, hasRealTimers }) => {
  afterEach(uninstall);

  it("while time stands still, a refused request of fetch, ky and axios is renewed and replayed", async () => {
    install();
    const send = bearer(bare(), { origins: origin })(answerWith(null));
    expect(await outcomeOf(send(origin).then(({ status }) => status))).toBe(200);
    const api = ky.create({ fetch: answerWith(null) as typeof fetch, timeout: false }).extend(kyBearer(bare(), { origins: origin }));
    expect(await outcomeOf(api.get(origin).then(({ status }) => status))).toBe(200);
    const instance = axios.create({
      baseURL: origin,
      timeout: 5000,
      adapter: async (config) =>
        ({ data: "", status: statusFor(config.headers.get("authorization")), statusText: "", headers: {}, config }) as never,
    });
    attachBearer(instance, bare());
    expect(await outcomeOf(instance.get("/").then(({ status }) => status))).toBe(200);
  });

  it("a refusal with a body, which the platform may not read while time stands still, is replayed when time moves on by a second", async () => {
    install();
    const send = bearer(bare(), { origins: origin })(answerWith("x".repeat(1000)));
    const sent = outcomeOf(send(origin).then(({ status }) => status));
    for (let turn = 0; turn < 4; turn += 1) await advance(300);
    expect(await sent).toBe(200);
  });

  it.runIf(movesTimers)("axios's timeout ends a wait for a token when time moves on", async () => {
    install();
    const instance = axios.create({ baseURL: origin, timeout: 5000, adapter: never });
    attachBearer(instance, createTokenCache({ source: never }));
    const sent = outcomeOf(instance.get("/"));
    await advance(0);
    await advance(5001);
    expect(await sent).toBe("ECONNABORTED");
  });

  it.runIf(movesTimers)("a refresh that waits for Retry-After goes on when time moves on", async () => {
    install();
    let calls = 0;
    const tokens = createTokenCache({
      async source() {
        calls += 1;
        if (calls === 1) throw new TokenRequestError("throttled", "Later.", { status: 429, retryAfter: 5000 });
        return { access_token: "T1", expires_in: 600 };
      },
    });
    const obtained = outcomeOf(tokens.get().then(({ accessToken }) => accessToken));
    for (let second = 0; second < 8; second += 1) await advance(1000);
    expect(await obtained).toBe("T1");
  });

  it("the pause that an endpoint asked for ends for all subjects of a pool when time moves on", async () => {
    install();
    let isThrottled = true;
    const pool = createTokenPool({
      source: () => async () => {
        if (isThrottled) throw new TokenRequestError("throttled", "Later.", { status: 429, retryAfter: 60_000 });
        return { access_token: "T1", expires_in: 600 };
      },
    });
    expect(await outcomeOf(pool.for("ada").get())).toBe("ERR_TOKEN_REQUEST_THROTTLED");
    expect(await outcomeOf(pool.for("bob").get())).toBe("ERR_TOKEN_REQUEST_THROTTLED");
    isThrottled = false;
    await advance(hour);
    expect(await outcomeOf(pool.for("bob").get())).toMatchObject({ accessToken: "T1" });
    expect(await outcomeOf(pool.for("ada").get())).toMatchObject({ accessToken: "T1" });
  });

  it("uninstalled in the middle of a refresh that never ends: the next caller gets an answer all the same", async () => {
    install();
    const asked = Promise.withResolvers<void>();
    let calls = 0;
    const tokens = createTokenCache({
      timeouts: { request: 0.2 },
      async source() {
        calls += 1;
        asked.resolve();
        return calls === 1 ? never() : { access_token: `T${calls}`, expires_in: 600 };
      },
    });
    // Nobody will ever call the timers of this one, if they are fake.
    tokens.get().catch(() => {});
    await asked.promise;
    uninstall();
    const next = await outcomeOf(tokens.get().then(({ accessToken }) => accessToken));
    // Where they are real (mockdate), the first refresh ends, and a pause begins.
    expect(next).toBe(hasRealTimers ? "ERR_TOKEN_REQUEST_UNKNOWN" : "T2");
  });

  it.runIf(movesTimers)("a token request of oauth times out when time moves on", async () => {
    install();
    const client = createOAuthClient({ ...anywhere, fetch: never });
    const exchanged = outcomeOf(client.exchangeCode({ code: "c", redirectUri: "https://app.example/" }));
    // What belongs to a login is loaded when it is first called.
    await import("../../packages/oauth/src/grants/authorization-code.ts");
    await advance(0);
    await advance(9000);
    await advance(1001);
    expect(await exchanged).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
  });

  it("a pending login expires when time moves on", async () => {
    const client = createOAuthClient({ ...anywhere, authorizationEndpoint: "https://login.example.com/", fetch: never });
    const logins = pendingLogins(memoryStore());
    install();
    const { pending } = await client.authorizationUrl({ redirectUri: "https://app.example/" });
    await logins.keep("ada", pending);
    const callback = `/?code=c&state=${pending.state}`;
    const taken = await logins.take("ada", callback);
    await advance(hour);
    await expect(client.exchangeCallback(callback, taken)).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "expired" });
  });

  it.runIf(movesTimers)("a login on another device asks when time moves on", async () => {
    const asked: string[] = [];
    const client = createOAuthClient({
      ...anywhere,
      deviceAuthorizationEndpoint: "https://login.example.com/device",
      async fetch(url) {
        asked.push(new URL(url).pathname);
        return url.endsWith("device")
          ? Response.json({ device_code: "d", user_code: "WDJB", verification_uri: "https://login.example.com/", interval: 5 })
          : Response.json({ access_token: "a" });
      },
    });
    const shown: unknown[] = [];
    install();
    const login = outcomeOf(client.deviceLogin({ show: (prompt) => void shown.push(prompt) }).then(({ accessToken }) => accessToken));
    // The platform may not read a body while time stands still, so it moves on by nothing, in turns of the real event loop: what is loaded late is read from a disk.
    for (let turn = 0; turn < 10_000 && shown.length === 0; turn += 1) {
      await realTurn();
      await advance(0);
    }
    expect(asked).toEqual(["/device"]);
    for (let second = 0; second < 6; second += 1) await advance(1000);
    expect(await login).toBe("a");
    expect(asked).toEqual(["/device", "/token"]);
  });
});
