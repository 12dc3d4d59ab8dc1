import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { fieldsOf } from "../src/request/scheme-fields.ts";
import { bareTokenScheme, mayBeRedirected, tokenTypeScheme, type AuthorizationScheme } from "../src/request/scheme.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";

const request = { method: "GET", url: "https://api.example.com/" };

it("puts the token on a request after the name of its type", () => {
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a" }, 0), request)).toEqual({ authorization: "Bearer a" });
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a", token_type: "bearer" }, 0), request)).toEqual({
    authorization: "Bearer a",
  });
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a", token_type: "DPoP" }, 0), request)).toEqual({ authorization: "DPoP a" });
});

it("puts a bare token on a request when an API wants it so", () => {
  expect(bareTokenScheme(readTokenResponse({ access_token: "a", token_type: "DPoP" }, 0), request)).toEqual({ authorization: "a" });
});

it("makes the header fields once per token set and lets nobody change them", () => {
  const [one, other] = [readTokenResponse({ access_token: "a" }, 0), readTokenResponse({ access_token: "a" }, 0)];
  const fields = tokenTypeScheme(one, request);
  expect(tokenTypeScheme(one, { method: "POST", url: "https://elsewhere.example/" })).toBe(fields);
  expect(tokenTypeScheme(other, request)).not.toBe(fields);
  expect(Object.isFrozen(fields)).toBe(true);
});

it.each<[readonly string[], boolean]>([
  [[], true],
  [["authorization"], true],
  [["authorization", "dpop"], true],
  [["x-api-key"], false],
  [["authorization", "cookie"], false],
])("%j are fields that clients take off a redirect to another origin by themselves: %s", (names, taken) => {
  expect(mayBeRedirected(Object.fromEntries(names.map((name) => [name, "token"])))).toBe(taken);
});

describe("a scheme of the caller's", () => {
  const tokens = readTokenResponse({ access_token: "secret" }, 0);
  const ask = (scheme: unknown): unknown => fieldsOf(scheme as AuthorizationScheme, tokens, request);

  it("gives its fields with lower-case names, at once or later", async () => {
    expect(ask(() => ({ Authorization: "Bearer a", "X-Key": "" }))).toEqual({ authorization: "Bearer a", "x-key": "" });
    await expect(ask(async () => ({ DPoP: "proof" }))).resolves.toEqual({ dpop: "proof" });
  });

  it.each([
    ["nothing", undefined, "got nothing."],
    ["null", null, "got null."],
    ["text", "Bearer secret", "got a string of 13 characters."],
    ["a number as a value", { authorization: 7 }, "gives authorization a value that a header can hold, got 7."],
    ["no value", { authorization: undefined }, "gives authorization a value that a header can hold, got nothing."],
    ["a second line", { authorization: "secret\r\nx-evil: 1" }, "a value that a header can hold, got a string of 17 characters."],
    ["what no byte can say", { authorization: "secret \u20ac" }, "a value that a header can hold, got a string of 8 characters."],
  ])("that gives %s is an error which shows no value", async (_name, given, message) => {
    for (const scheme of [() => given, async () => given]) {
      const error: unknown = await (async () => ask(scheme))().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).not.toContain("secret");
    }
  });

  it("that fails is a typed error with the caller's own as its cause", async () => {
    const failure = Object.assign(new Error("no key"), { code: "ECONNRESET" });
    const throwing = (): never => {
      throw failure;
    };
    for (const scheme of [throwing, async () => throwing()]) {
      const error: unknown = await (async () => ask(scheme))().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "TokenflightError", code: "ERR_SCHEME_FAILED", cause: failure });
    }
  });

  it("is left alone when it is one of ours", () => {
    for (const scheme of [tokenTypeScheme, bareTokenScheme]) expect(ask(scheme)).toBe(scheme(tokens, request));
  });
});
