import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { decodeRecord, encodeRecord } from "../src/record/encoded-record.ts";
import { emptyRecord, type SubjectRecord } from "../src/record/record.ts";
import { readTokenResponse, toTokenResponse } from "../src/tokens/token-response.ts";
import "./fixed-seed.ts";

const now = Date.UTC(2026, 0, 1);
const tokenSet = readTokenResponse(
  { access_token: "canary-a", refresh_token: "canary-r", expires_in: 60, sid: "canary-s", scope: "read" },
  now,
);

const decode = (value: string): SubjectRecord => decodeRecord({ version: "7", value });

describe("a record", () => {
  it.each<[string, SubjectRecord]>([
    ["that is empty", emptyRecord],
    ["with tokens", { generation: 7, tokenSet }],
    ["with an intent", { generation: 7, tokenSet, intent: { owner: "me", deadline: 15_000 } }],
    ["with an intent whose fate nobody knows", { generation: 7, intent: { owner: "me", deadline: 15_000, unresolved: true } }],
    ["with a pause", { generation: 0, pause: { duration: 525.5, begun: now, failures: 2, outcome: "unknown" } }],
    ["that wants a login", { generation: 7, tokenSet, loginRequired: { error: "invalid_grant", errorDescription: "over" } }],
    ["that wants a login and says no more", { generation: 7, loginRequired: {} }],
  ])("%s is the same after it was stored", (_, record) => {
    const decoded = decode(encodeRecord(record));
    expect({ ...decoded, tokenSet: undefined }).toEqual({ ...record, tokenSet: undefined });
    expect(decoded.tokenSet && toTokenResponse(decoded.tokenSet)).toEqual(record.tokenSet && toTokenResponse(record.tokenSet));
  });

  it("keeps the expiry of its tokens to the millisecond, in our days", () => {
    expect(decode(encodeRecord({ generation: 1, tokenSet })).tokenSet?.expiresAt).toBe(now + 60_000);
    expect(decode(encodeRecord({ generation: 1, tokenSet })).tokenSet?.issuedAt).toBe(now);
  });

  it("keeps a field called __proto__", () => {
    const odd = readTokenResponse(JSON.parse('{"access_token":"a","__proto__":{"x":1}}') as { access_token: string }, now);
    const { extra } = decode(encodeRecord({ generation: 1, tokenSet: odd })).tokenSet ?? odd;
    expect(Object.keys(extra)).toEqual(["__proto__"]);
    expect("x" in {}).toBe(false);
  });
});

describe("an entry that is not a record of ours", () => {
  const record = JSON.parse(encodeRecord({ generation: 7, tokenSet })) as Record<string, unknown>;
  const foreign: [string, unknown][] = [
    ["null", null],
    ["text", "record"],
    ["a list", [record]],
    ["an empty object", {}],
    ["a record of an earlier format", { ...record, format: 0 }],
    ["a record of a format in between", { ...record, format: 1.5 }],
    ["a record of a format in words", { ...record, format: "2" }],
    ["a record without a generation", { ...record, generation: undefined }],
    ["a record with half a generation", { ...record, generation: 1.5 }],
    ["a record with a negative generation", { ...record, generation: -1 }],
    ["tokens that are null", { ...record, tokens: null }],
    ["tokens that are an empty text", { ...record, tokens: "" }],
    ["tokens without any token", { ...record, tokens: { scope: "canary" } }],
    ["tokens with a line break", { ...record, tokens: { access_token: "can\r\nary" } }],
    ["an intent that is null", { ...record, intent: null }],
    ["an intent without an owner", { ...record, intent: { deadline: 15_000 } }],
    ["an intent without a deadline", { ...record, intent: { owner: "me" } }],
    ["an intent with a deadline in words", { ...record, intent: { owner: "me", deadline: "soon" } }],
    ["a pause that is null", { ...record, pause: null }],
    ["a pause without an end", { ...record, pause: { duration: null, begun: 0, failures: 1, outcome: "unknown" } }],
    ["a pause without a beginning", { ...record, pause: { duration: 5, failures: 1, outcome: "unknown" } }],
    ["a pause after nothing", { ...record, pause: { duration: 5, begun: 0, failures: 1 } }],
    ["a pause after no failure", { ...record, pause: { duration: 5, begun: 0, outcome: "unknown" } }],
    ["a required login that is null", { ...record, loginRequired: null }],
    ["a required login whose error is an object", { ...record, loginRequired: { error: { code: "canary" } } }],
    ["a required login whose description is a number", { ...record, loginRequired: { error: "invalid_grant", errorDescription: 5 } }],
    ["a purpose that is a number", { ...record, format: 2, purpose: 5 }],
    ["other purposes that are null", { ...record, format: 2, others: null }],
    ["other purposes in words", { ...record, format: 2, others: "canary" }],
    ["a seed that is a number", { ...record, seed: 5 }],
  ];

  it.each(foreign)("such as %s is a StoreError that shows nothing of it", (_, value) => {
    expectRefusal(JSON.stringify(value));
  });

  it.each(["", "{", "canary", '{"format":1,"generation":1,"tokens":{"access_token":"canary', "\0", "undefined"])(
    "such as the text %j is a StoreError that shows nothing of it",
    (value) => expectRefusal(value),
  );

  it("is never anything but a StoreError", () => {
    const value = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .dictionary(fc.constantFrom("tokens", "intent", "pause", "loginRequired", "purpose", "others", "seed"), fc.jsonValue())
        .map((rest) => JSON.stringify({ ...rest, format: 2, generation: 1 })),
      fc
        .dictionary(fc.string({ maxLength: 3 }), fc.dictionary(fc.constantFrom("tokens", "pause", "loginRequired"), fc.jsonValue()))
        .map((others) => JSON.stringify({ others, format: 2, generation: 1, tokens: { access_token: "a" } })),
    );
    fc.assert(
      fc.property(value, (text) => {
        try {
          decode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function expectRefusal(value: string): void {
  try {
    decode(value);
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
    expect((error as StoreError).message).toMatch(/^The store's entry is not a token record: [^:]*\.$/);
    expect(`${String(error)} ${String((error as StoreError).cause)}`).not.toMatch(/canary|can|reading/);
    return;
  }
  throw new Error("It was taken for a record.");
}

it("an entry's own word for a token set in memory is not believed", () => {
  for (const tokenSet of [{ accessToken: "evil\r\nx" }, null, "evil"]) {
    expect(decode(JSON.stringify({ format: 1, generation: 3, tokenSet })).tokenSet).toBeUndefined();
    const { tokenSet: read } = decode(JSON.stringify({ format: 1, generation: 3, tokenSet, tokens: { access_token: "good" } }));
    expect(read?.accessToken).toBe("good");
  }
});
