import { createTokenCache, memoryStore, TokenflightError, type TokenSet } from "@tokenflight/core";
import { clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { bomb, cases, login, megabyte, says, throttled, tokens as gives, type Mischief } from "./hostile-answers.ts";

/** Seconds for one token request. */
const timeout = 1;
/** Milliseconds for a machine that has much else to do. */
const slack = 4000;

it("are at least 60", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
  expect(new Set(cases.map(([name]) => name)).size).toBe(cases.length);
});

/** Runs one case from a session that was good: gives the error, and what the case left behind. */
async function meet(mischief: Mischief): Promise<{ error: unknown; took: number; stored: TokenSet | undefined; kept: boolean }> {
  await using server = await startLoopback(() => (request, response) => {
    response.on("error", () => {});
    request.resume().once("end", () => mischief(response));
  });
  const store = memoryStore();
  const clientAuth = clientSecretPost("canary-secret");
  const source = createOAuthClient({ tokenEndpoint: `${server.origin}/token`, clientId: "id", clientAuth, timeout }).refreshToken();
  const tokens = createTokenCache({ source, store, key: "user", timeouts: { request: timeout * 2 } });
  const old = await tokens.save({ access_token: "old-access", refresh_token: "canary-refresh", expires_in: 600 });
  const started = performance.now();
  const error = await tokens.renew(old).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const took = performance.now() - started;
  // Another process, with the same store.
  const nobody = Object.assign(() => Promise.reject(new Error("It was asked.")), { identity: source.identity ?? "" });
  const other = createTokenCache({ source: nobody, store, key: "user" });
  const stored = await other.get().catch(() => undefined);
  return { error, took, stored, kept: tokens.peek()?.accessToken === "old-access" };
}

const before = { heap: 0, buffers: 0 };
let rejections = 0;
/** Cases that ended as they have to. */
let ended = 0;
const count = (): number => (rejections += 1);

beforeAll(async () => {
  process.on("unhandledRejection", count);
  // Code and caches that stay are no growth.
  await meet(says(""));
  await meet(bomb);
  Object.assign(before, await memory());
});

afterAll(() => {
  process.off("unhandledRejection", count);
});

/** What is left when the garbage is gone. */
async function memory(): Promise<typeof before> {
  await new Promise(setImmediate);
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

const complete = cases.map(
  ([name, mischief, expected, refreshToken = "canary-refresh"]) => [name, mischief, expected, refreshToken] as const,
);

it.each(complete)("%s", async (_, mischief, expected, refreshToken) => {
  const { error, took, stored, kept } = await meet(mischief);
  if (expected === gives) {
    expect(error).toBeUndefined();
  } else {
    expect(TokenflightError.is(error)).toBe(true);
    expect(error).toMatchObject({ code: expected });
  }
  expect(String(error)).not.toMatch(/canary|new-refresh/);
  // A throttled request waits for the server, and may be sent a second time.
  if (expected !== throttled) expect(took).toBeLessThan(timeout * 1000 + slack);
  // The old token is sent on until the session ends, and stays stored beside the newest refresh token.
  expect(kept).toBe(expected !== login && expected !== gives);
  expect(stored).toMatchObject({ accessToken: expected === gives ? "new-access" : "old-access", refreshToken });
  ended += 1;
});

it("all of it together leaves less than 20 MB behind, and no rejection that nobody handles", async () => {
  const now = await memory();
  const grown = now.heap - before.heap + (now.buffers - before.buffers);
  process.stdout.write(
    `hostile token server: ${ended} of ${cases.length} cases ended as they have to, ${(grown / megabyte).toFixed(1)} MB are left of them\n`,
  );
  expect(ended).toBe(cases.length);
  expect(grown).toBeLessThan(20 * megabyte);
  expect(rejections).toBe(0);
});
