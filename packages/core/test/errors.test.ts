import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError, LoginRequiredError, StoreError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { InvalidOptionError, TokenflightError } from "../src/errors/tokenflight-error.ts";

const cause = new Error("the reason");
const each: [string, TokenflightError, string][] = [
  ["InvalidOptionError", new InvalidOptionError("key", "a string", "5"), "ERR_INVALID_OPTION"],
  ["InvalidTokenResponseError", new InvalidTokenResponseError("No.", { cause }), "ERR_INVALID_TOKEN_RESPONSE"],
  ["LoginRequiredError", new LoginRequiredError("No.", { error: "invalid_grant", errorDescription: "over", cause }), "ERR_LOGIN_REQUIRED"],
  ["StoreError", new StoreError("ERR_STORE_UNAVAILABLE", "No.", { cause }), "ERR_STORE_UNAVAILABLE"],
  ["StoreError", new StoreError("ERR_STORE_RECORD_INVALID", "No."), "ERR_STORE_RECORD_INVALID"],
  ["TokenRequestError", new TokenRequestError("not-sent", "No.", { cause }), "ERR_TOKEN_REQUEST_NOT_SENT"],
  ["TokenRequestError", new TokenRequestError("refused", "No.", { status: 400, error: "invalid_client" }), "ERR_TOKEN_REQUEST_REFUSED"],
  ["TokenRequestError", new TokenRequestError("throttled", "No.", { retryAfter: 5 }), "ERR_TOKEN_REQUEST_THROTTLED"],
  ["TokenRequestError", new TokenRequestError("unknown", "No."), "ERR_TOKEN_REQUEST_UNKNOWN"],
  ["TokenflightError", new TokenflightError("ERR_NEW_TOKEN_REFUSED", "No."), "ERR_NEW_TOKEN_REFUSED"],
];

describe.each(each)("a %s", (name, error, code) => {
  it(`says ${code}`, () => {
    expect(error.code).toBe(code);
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(error.stack).toContain("errors.test");
  });

  it("is recognised, however it was copied", () => {
    expect(error).toBeInstanceOf(TokenflightError);
    expect(TokenflightError.is(error)).toBe(true);
    const brand = Symbol.for("tokenflight.error");
    expect(Object.getOwnPropertyDescriptor(error, brand)?.enumerable).toBe(false);
    expect(TokenflightError.is(Object.defineProperty(new Error("of another copy"), brand, { value: true }))).toBe(true);
  });
});

it("is not confused by what is no error of ours", () => {
  const inherited: unknown = Object.create(new TokenflightError("ERR_NEW_TOKEN_REFUSED", "No."));
  for (const other of [
    undefined,
    null,
    "ERR_LOGIN_REQUIRED",
    5,
    {},
    new Error("No."),
    { code: "ERR_LOGIN_REQUIRED" },
    () => {},
    inherited,
  ]) {
    expect(TokenflightError.is(other)).toBe(false);
  }
});

it("keeps what the token endpoint said, and has a cause only when there is one", () => {
  const details = { status: 429, error: "slow_down", errorDescription: "later", retryAfter: 5000, cause };
  expect(new TokenRequestError("throttled", "No.", details)).toMatchObject(details);
  expect(new LoginRequiredError("No.", { error: "invalid_grant" })).toMatchObject({ error: "invalid_grant", errorDescription: undefined });
  expect(Object.hasOwn(new TokenRequestError("unknown", "No."), "cause")).toBe(false);
  expect(Object.hasOwn(new LoginRequiredError("No."), "cause")).toBe(false);
  expect(Object.hasOwn(new TokenRequestError("unknown", "No.", { cause: undefined }), "cause")).toBe(true);
});

it("names the option, what was expected and what came", () => {
  const error = new InvalidOptionError("timeouts.request", "a number of seconds", "an empty string");
  expect([error.option, error.message]).toEqual([
    "timeouts.request",
    "timeouts.request: expected a number of seconds, got an empty string.",
  ]);
});
