import { createTokenCache, LoginRequiredError, type TokenCache } from "@tokenflight/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createOrders } from "./orders.ts";

const origin = "https://api.example.com";
let asked: number;
let good: string;

/** Tokens without a server: token-1, token-2 and so on, each for ten minutes. A new cache for each test. */
const fakeTokens = (): TokenCache => createTokenCache({ source: async () => ({ access_token: `token-${(asked += 1)}`, expires_in: 600 }) });

/** An API without a server, which takes one token. */
async function fakeApi(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const token = new Request(input, init).headers.get("authorization");
  return token === `Bearer ${good}` ? Response.json(["tea"]) : new Response(null, { status: 401 });
}

beforeEach(() => {
  [asked, good] = [0, "token-1"];
  vi.useFakeTimers();
  vi.spyOn(globalThis, "fetch").mockImplementation(fakeApi);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("asks for a token once, and for the next one when that has expired", async () => {
  const orders = createOrders(fakeTokens(), origin);
  await Promise.all([orders.open(), orders.open()]);
  expect(asked).toBe(1);

  good = "token-2";
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await orders.open()).toEqual(["tea"]);
  expect(asked).toBe(2);
});

it("sends a request again whose token the API refuses", async () => {
  const orders = createOrders(fakeTokens(), origin);
  good = "token-2";
  expect(await orders.open()).toEqual(["tea"]);
  expect(fetch).toHaveBeenCalledTimes(2);
});

it("says that somebody has to log in", async () => {
  const tokens = createTokenCache({
    source: async () => {
      throw new LoginRequiredError("The session is over.");
    },
  });
  await expect(createOrders(tokens, origin).open()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  expect(fetch).not.toHaveBeenCalled();
});
