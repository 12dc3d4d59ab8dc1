import { describe, expect, it, vi } from "vitest";
import type { BearerOptions } from "../src/request/bearer-options.ts";
import { BearerPolicy } from "../src/request/bearer-policy.ts";
import { isRefused } from "../src/request/refusal/is-refused.ts";
import { isAtSameOrigin, isSafeToReplay } from "../src/request/refusal/replay.ts";
import { goesWithout } from "../src/request/send-with-token.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { tokenTypeScheme } from "../src/request/scheme.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { setUp } from "./set-up.ts";

const { tokens } = setUp();
const origins = "https://api.example.com";
const refusal = { status: 401, challenge: undefined };

function attach(options: BearerOptions<string> = {}): BearerPolicy<string, string> {
  return new BearerPolicy(tokens, { origins, ...options });
}

describe("the options of an policy", () => {
  it.each<[string, unknown, string]>([
    [
      "origins",
      undefined,
      'origins: expected at least one origin that may have the token, such as "https://api.example.com", got nothing.',
    ],
    [
      "origins",
      [],
      'origins: expected at least one origin that may have the token, such as "https://api.example.com", got an empty array.',
    ],
    [
      "origins",
      "http://api.example.com",
      'origins: expected https origins, or http to this machine (localhost, 127.0.0.1, [::1]) or to what allowInsecureOrigins names, got "http://api.example.com".',
    ],
    ["replay", "twice", 'replay: expected "once" or "never", got a string of 5 characters.'],
    ["replay", false, 'replay: expected "once" or "never", got false.'],
    ["refused", 401, "refused: expected a function, got 401."],
    ["observe", true, "observe: expected a function, got true."],
    [
      "allowInsecureOrigins",
      "http://a.example",
      'allowInsecureOrigins: expected an array of http origins such as "http://keycloak:8080", got a string of 16 characters.',
    ],
    [
      "allowInsecureOrigins",
      ["https://a.example"],
      'allowInsecureOrigins: expected http origins, because https needs no permission, got "https://a.example".',
    ],
    ["scheme", "Bearer", "scheme: expected a function, got a string of 6 characters."],
    ["loggedOut", "go", 'loggedOut: expected "reject" or "send", got a string of 2 characters.'],
    [
      "placeholder",
      1,
      'placeholder: expected a header value such as "Bearer tokenflight", or header fields with values such as { "x-api-key": "tokenflight" }, got 1.',
    ],
    [
      "placeholder",
      {},
      'placeholder: expected a header value such as "Bearer tokenflight", or header fields with values such as { "x-api-key": "tokenflight" }, got none.',
    ],
    [
      "placeholder",
      { "x y": "a" },
      'placeholder: expected a header value such as "Bearer tokenflight", or header fields with values such as { "x-api-key": "tokenflight" }, got a name that no header field has.',
    ],
    [
      "retry",
      1,
      "options.retry: expected one of origins, allowInsecureOrigins, replay, refused, scheme, loggedOut, placeholder, observe, got an unknown option.",
    ],
  ])("are refused for %s %j", (name, value, message) => {
    const options = { origins, [name]: value } as BearerOptions<string>;
    expect(() => new BearerPolicy(tokens, options)).toThrow(InvalidOptionError);
    expect(() => new BearerPolicy(tokens, options)).toThrow(message);
  });

  it.each([undefined, null, {}, "token", { get: () => {} }])("are refused without tokens, as with %j", (given) => {
    expect(() => new BearerPolicy(given as unknown as TokenCache, { origins })).toThrow(
      /^tokens: expected a token cache, or a function of the request that gives one, got /,
    );
  });

  it("are refused when they are no object", () => {
    expect(() => new BearerPolicy(tokens, null as unknown as BearerOptions<string>, [origins])).toThrow(
      "options: expected an object with options, got null.",
    );
  });

  it("fall back on the origins that the adapter knows, and on Bearer", () => {
    const policy = new BearerPolicy(tokens, undefined, [origins]);
    expect([policy.allows(`${origins}/v1`), policy.allows("https://other.example/")]).toEqual([true, false]);
    expect(new BearerPolicy(tokens, { origins: "https://other.example" }, [origins]).allows(`${origins}/v1`)).toBe(false);
    expect(policy.scheme).toBe(tokenTypeScheme);
  });
});

describe("the tokens of a request", () => {
  it("are always the same ones, or those that a function of the request names", () => {
    const other = setUp().tokens;
    expect(attach().cacheFor("request")).toBe(tokens);
    const choose = vi.fn<(request: string) => TokenCache | undefined>((request) => (request === "alice" ? other : undefined));
    const policy = new BearerPolicy<string, string>(choose, { origins });
    expect([policy.cacheFor("alice"), policy.cacheFor("nobody")]).toEqual([other, undefined]);
    expect(choose.mock.calls).toEqual([["alice"], ["nobody"]]);
  });

  const expected = /^tokens: expected a function that gives a token cache, or undefined for none, got /;

  it.each([null, {}, "token", 5])("cannot be %s, at once or later", async (given) => {
    const policy = new BearerPolicy<string, string>(() => given as unknown as TokenCache, { origins });
    expect(() => policy.cacheFor("alice")).toThrow(expected);
    const later = new BearerPolicy<string, string>(() => Promise.resolve(given as unknown as TokenCache), { origins });
    await expect(later.cacheFor("alice")).rejects.toThrow(expected);
  });

  it("may be promised (field line 129)", async () => {
    const policy = new BearerPolicy<string, string>(async (request) => (request === "alice" ? tokens : undefined), { origins });
    expect([await policy.cacheFor("alice"), await policy.cacheFor("nobody")]).toEqual([tokens, undefined]);
    const failing = new BearerPolicy<string, string>(() => Promise.reject(new Error("no session")), { origins });
    await expect(failing.cacheFor("alice")).rejects.toThrow("no session");
  });
});

describe("a response", () => {
  it("refuses the token with status 401, unless its challenge says that another token is no use", () => {
    const policy = attach();
    expect(isRefused(policy, "", refusal)).toBe(true);
    expect(isRefused(policy, "", { status: 401, challenge: 'Basic realm="x"' })).toBe(true);
    expect(isRefused(policy, "", { status: 401, challenge: 'Bearer error="insufficient_scope"' })).toBe(false);
    for (const status of [200, 204, 302, 400, 403, 404, 407, 418, 500, 503, 0])
      expect(isRefused(policy, "", { status, challenge: "Bearer" })).toBe(false);
    expect(isRefused(policy, "", { status: "401" as unknown as number, challenge: undefined })).toBe(false);
  });

  it("is judged by the caller alone who wants to", async () => {
    const refused = vi.fn<(response: string) => boolean>((response) => response === "no");
    const policy = attach({ refused });
    expect([isRefused(policy, "no", { status: 200, challenge: null }), isRefused(policy, "yes", refusal)]).toEqual([true, false]);
    expect(await isRefused(attach({ refused: (response) => Promise.resolve(response === "no") }), "no", refusal)).toBe(true);
  });

  it("counts as not refused when the caller's judgement fails", async () => {
    const throwing = (): never => {
      throw new Error("no");
    };
    expect(isRefused(attach({ refused: throwing }), "", refusal)).toBe(false);
    expect(await isRefused(attach({ refused: () => Promise.reject(new Error("no")) }), "", refusal)).toBe(false);
    expect(await isRefused(attach({ refused: (() => undefined) as unknown as () => boolean }), "", refusal)).toBeFalsy();
  });
});

it("is replayed unless the caller wants no replay", () => {
  expect([attach(), attach({ replay: "once" }), attach({ replay: "never" })].map(({ wantsReplay }) => wantsReplay)).toEqual([
    true,
    true,
    false,
  ]);
});

describe("an answer", () => {
  const url = "https://api.example.com/v1";
  it.each([
    ["POST", url, false, true],
    ["POST", "https://other.example/", false, true],
    ["GET", "https://api.example.com:443/elsewhere", true, true],
    ["get", `${url}/other`, true, true],
    ["QUERY", url, true, true],
    ["GET", "https://other.example/v1", true, false],
    ["GET", "http://api.example.com/v1", true, false],
    ["GET", "nonsense", true, false],
    ["POST", url, true, false],
    ["PUT", url, true, false],
    ["DELETE", url, true, false],
    ["POST", url, undefined, false],
    ["POST", undefined, undefined, false],
    ["GET", url, undefined, true],
    ["GET", "https://other.example/", undefined, false],
    ["GET", undefined, undefined, true],
    ["HEAD", undefined, true, true],
  ])("to %s from %s with redirected %s is in place: %s", (method, answeredBy, redirected, inPlace) => {
    expect(isSafeToReplay({ method, url }, { redirected, url: answeredBy })).toBe(inPlace);
  });

  it.each([
    ["the URL that was asked", url, false, true],
    ["another URL of its origin", "https://api.example.com:443/elsewhere", true, true],
    ["another origin", "https://other.example/", true, false],
    ["no URL", "nonsense", true, false],
    ["what the client hides", undefined, undefined, true],
  ])("from %s is from the server that was given the token: %s, %s, %s", (_, answeredBy, redirected, isHome) => {
    expect(isAtSameOrigin({ method: "POST", url }, { redirected, url: answeredBy })).toBe(isHome);
  });
});

describe("a request in place of whose token there is an error", () => {
  it("goes without one when nobody is logged in and the caller wants it, and never otherwise (field line 127)", async () => {
    const { tokens: cache, hand } = setUp();
    const loginRequired = new LoginRequiredError("There is no login.");
    const policy = attach({ loggedOut: "send" });
    expect(goesWithout(policy, loginRequired, { ...cache, status: () => ({ state: "logged-out" }) } as TokenCache)).toBe(true);
    for (const state of ["logged-in", "unknown"]) {
      expect(goesWithout(policy, loginRequired, { ...cache, status: () => ({ state }) } as unknown as TokenCache)).toBe(false);
    }
    const out = { ...cache, status: () => ({ state: "logged-out" }) } as TokenCache;
    for (const error of [new Error("ERR_LOGIN_REQUIRED"), new InvalidOptionError("a", "b", "c"), undefined])
      expect(goesWithout(policy, error, out)).toBe(false);
    expect(goesWithout(attach(), loginRequired, out)).toBe(false);
    expect(hand.calls).toEqual([]);
  });
});
