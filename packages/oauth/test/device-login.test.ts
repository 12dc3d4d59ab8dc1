import { describe, expect, it } from "vitest";
import { createOAuthClient, noClientAuth, type DeviceLoginOptions, type DeviceProgress, type OAuthClient } from "@tokenflight/oauth";
import { failureOf } from "./call.ts";
import { always, startOddServer, type OddServer } from "./odd-server.ts";

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

const device = {
  device_code: "canary-device-code",
  user_code: "WDJB-MJHT",
  verification_uri: "https://example.com/device",
  verification_uri_complete: "https://example.com/device?user_code=WDJB-MJHT",
  expires_in: 600,
  interval: 5,
};
const tokenResponse = { access_token: "a", refresh_token: "r", expires_in: 60 };
const says = (error: string, status = 400): Answer => [status, { error }];

/** The last answer is given again and again. */
async function startDevices(first: unknown, ...answers: Answer[]): Promise<{ server: OddServer; client: OAuthClient }> {
  let turn = 0;
  const server = await startOddServer((response, request, received) => {
    const isDevice = received.path === "/device";
    const [status, body, headers] = isDevice ? ([200, first] as const) : (answers[Math.min(turn++, answers.length - 1)] ?? [500, ""]);
    always(status, body, headers)(response, request, received);
  });
  const client = createOAuthClient({
    tokenEndpoint: `${server.origin}/token`,
    deviceAuthorizationEndpoint: `${server.origin}/device`,
    clientId: "tv",
    clientAuth: noClientAuth(),
  });
  return { server, client };
}

/** Every delay is over at once, and is noted. */
function quickClock(): Required<DeviceLoginOptions>["clock"] & { readonly delays: number[] } {
  const delays: number[] = [];
  let now = 0;
  return {
    delays,
    monotonic: () => now,
    schedule(callback, delay) {
      delays.push(delay);
      now += delay;
      const timer = setImmediate(callback);
      return () => clearImmediate(timer);
    },
  };
}

it("shows the code, asks as often as it may, and takes the token set", async () => {
  const { server, client } = await startDevices(device, says("authorization_pending"), says("slow_down"), says("authorization_pending"), [
    200,
    tokenResponse,
  ]);
  const clock = quickClock();
  const shown: unknown[] = [];
  const told: DeviceProgress[] = [];
  const set = await client.deviceLogin({
    scope: "read",
    show: (prompt) => void shown.push(prompt),
    progress: (one) => told.push(one),
    clock,
  });
  expect(set).toMatchObject({ accessToken: "a", refreshToken: "r", scope: "read" });
  expect(shown).toEqual([
    {
      userCode: "WDJB-MJHT",
      verificationUri: device.verification_uri,
      verificationUriComplete: device.verification_uri_complete,
      expiresAt: expect.any(Number),
    },
  ]);
  expect(told.map(({ state }) => state)).toEqual(["pending", "slow-down", "pending"]);
  expect(clock.delays).toEqual([5000, 5000, 10_000, 10_000]);
  expect(Object.fromEntries(server.received[0]?.form ?? [])).toEqual({ client_id: "tv", scope: "read" });
  expect(Object.fromEntries(server.received[1]?.form ?? [])).toEqual({
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: "canary-device-code",
    client_id: "tv",
  });
});

it("asks less and less often while the server cannot be asked, and when it asks for a pause", async () => {
  const { client } = await startDevices(device, [500, ""], [503, "", { "retry-after": "30" }], [200, tokenResponse]);
  const clock = quickClock();
  await client.deviceLogin({ show: () => {}, clock });
  expect(clock.delays).toEqual([5000, 10_000, 30_000]);
});

describe("the id token", () => {
  const idToken = (claims: object): string => {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    return `${encode({ alg: "ES256" })}.${encode({ iss: "https://a.example", aud: "tv", sub: "ada", iat: now, exp: now + 60, ...claims })}.canary`;
  };
  const logIn = async (claims: object): Promise<unknown> => {
    const { client } = await startDevices(device, [200, { ...tokenResponse, id_token: idToken(claims) }]);
    return client.deviceLogin({ show: () => {}, clock: quickClock() }).catch((error: unknown) => error);
  };

  it("of this client is taken", async () => {
    expect(await logIn({})).toMatchObject({ accessToken: "a", idToken: expect.stringMatching(/canary$/) });
  });

  it.each<[string, object]>([
    ["another client", { aud: "radio" }],
    ["nobody", { aud: undefined }],
    ["a time that is over", { exp: 1 }],
    ["another login", { nonce: "n" }],
  ])("of %s ends the login", async (_, claims) => {
    const error = await logIn(claims);
    expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "id-token" });
    expect(String(error)).not.toContain("canary");
  });
});

describe("ends", () => {
  it.each<[string, Answer, object]>([
    ["when the user says no", says("access_denied"), { code: "ERR_LOGIN_FAILED", reason: "refused", error: "access_denied" }],
    ["when the code is over", says("expired_token"), { code: "ERR_LOGIN_FAILED", reason: "expired" }],
    ["when the user never decides", says("authorization_pending"), { code: "ERR_LOGIN_FAILED", reason: "expired" }],
    ["when the client is not known", says("invalid_client", 401), { code: "ERR_TOKEN_REQUEST_REFUSED", error: "invalid_client" }],
    ["when the token set is none", [200, { access_token: 7 }], { code: "ERR_INVALID_TOKEN_RESPONSE" }],
  ])("%s", async (_, answer, expected) => {
    const { client } = await startDevices(device, answer);
    const error = await failureOf(client.deviceLogin({ show: () => {}, clock: quickClock() }));
    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain("canary");
  });

  it("with its signal, in the middle of a delay", async () => {
    const { client, server } = await startDevices(device, [200, tokenResponse]);
    const abort = new AbortController();
    const failing = client.deviceLogin({ show: () => void setImmediate(() => abort.abort()), signal: abort.signal });
    expect(await failureOf(failing)).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "aborted" });
    expect(server.received.map(({ path }) => path)).toEqual(["/device"]);
  });

  it("when the code cannot be shown", async () => {
    const { client } = await startDevices(device, [200, tokenResponse]);
    const show = (): never => {
      throw new Error("no screen");
    };
    expect(await failureOf(client.deviceLogin({ show, clock: quickClock() }))).toMatchObject({ message: "no screen" });
  });
});

it.each<[string, object]>([
  ["no device code", { device_code: undefined }],
  ["no user code", { user_code: "" }],
  ["a user code that a terminal acts upon", { user_code: "\u001B[2J" }],
  ["a page that is a program", { verification_uri: "javascript:alert(1)" }],
  ["a page that is a file", { verification_uri: "file:///bin/sh" }],
  ["a page with credentials", { verification_uri: "https://a:b@example.com/" }],
  ["an error", { error: "invalid_scope" }],
])("shows nothing when the server gives %s", async (_, changes) => {
  const { client } = await startDevices({ ...device, ...changes }, [200, tokenResponse]);
  const shown: unknown[] = [];
  const error = await failureOf(client.deviceLogin({ show: (prompt) => void shown.push(prompt), clock: quickClock() }));
  expect(error).toMatchObject({ name: "TokenRequestError" });
  expect(shown).toEqual([]);
});

it.each([
  [0, 1000],
  [-5, 1000],
  ["5", 5000],
  ["soon", 5000],
  [1e9, 300_000],
  [undefined, 5000],
])("takes an interval of %j for %i ms", async (interval, delay) => {
  const { client } = await startDevices({ ...device, interval, expires_in: 1e12 }, [200, tokenResponse]);
  const clock = quickClock();
  await client.deviceLogin({ show: () => {}, clock });
  expect(clock.delays).toEqual([delay]);
});

it("leaves out a complete page that is none", async () => {
  const { client } = await startDevices({ ...device, verification_uri_complete: "javascript:1" }, [200, tokenResponse]);
  const shown: unknown[] = [];
  await client.deviceLogin({ show: ({ verificationUriComplete }) => void shown.push(verificationUriComplete), clock: quickClock() });
  expect(shown).toEqual([undefined]);
});
