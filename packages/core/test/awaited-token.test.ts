import { describe, expect, it } from "vitest";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { BearerPolicy } from "../src/request/bearer-policy.ts";
import { anotherThan, awaitToken } from "../src/request/send-with-token.ts";
import { createTokenCache } from "../src/cache/create-token-cache.ts";

const fresh = (): TokenCache => createTokenCache({ source: async () => ({ access_token: "a", expires_in: 3600 }) });
const nobody = (): TokenCache =>
  createTokenCache({
    source: async () => {
      throw new LoginRequiredError("Nobody is logged in.");
    },
  });
const policy = (loggedOut: "reject" | "send"): BearerPolicy<never, never> =>
  new BearerPolicy(fresh(), { origins: "https://api.example", loggedOut });

describe("the token that a request waits for", () => {
  it.each(["at once", "later"])("with its cache, which a selector gave %s", async (when) => {
    const cache = fresh();
    const found = await awaitToken(policy("reject"), when === "later" ? Promise.resolve(cache) : cache, undefined);
    expect(found).toEqual({ cache, tokenSet: cache.peek() });
  });

  it("or why the request goes without: no cache, or nobody is logged in and the caller wants it", async () => {
    const answers = [
      await awaitToken(policy("send"), Promise.resolve(undefined), undefined),
      await awaitToken(policy("send"), nobody(), undefined),
    ];
    expect(answers).toEqual(["no-cache", "logged-out"]);
  });

  it("or what keeps it from the request: the cache's error, the selector's, the signal's reason", async () => {
    const reason = new Error("the caller has gone");
    const never = new Promise<TokenCache>(() => {});
    await expect(awaitToken(policy("reject"), nobody(), undefined)).rejects.toThrow(LoginRequiredError);
    await expect(awaitToken(policy("send"), Promise.reject(reason), undefined)).rejects.toBe(reason);
    await expect(awaitToken(policy("send"), never, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

it("a refused token has another in its place when that is there already, and only then", async () => {
  let count = 0;
  const cache = createTokenCache({ source: async () => ({ access_token: String((count += 1)), expires_in: 3600 }) });
  const refused = await cache.get();
  expect(anotherThan(refused, cache)).toBeUndefined();
  const renewed = await cache.renew(refused);
  expect(anotherThan(refused, cache)).toBe(renewed);
});
