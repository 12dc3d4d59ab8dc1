import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError } from "../src/errors.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "../src/tokens/token-response.ts";
import { type TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";

const now = Date.UTC(2026, 0, 1);
const tenYears = 315_360_000;

function read(fields: Record<string, unknown>, previous?: TokenSet): TokenSet {
  return readTokenResponse({ access_token: "access", ...fields } as TokenResponse, now, previous);
}

/** Everything in a token set, secrets too. */
function all(tokens: TokenSet): Record<string, unknown> {
  const { accessToken, refreshToken, idToken, tokenType, issuedAt, expiresAt, scope, extra } = tokens;
  return { accessToken, refreshToken, idToken, tokenType, issuedAt, expiresAt, scope, extra: Object.entries(extra) };
}

describe("a token response that is odd and means something", () => {
  it.each([
    ["a lifetime in digits", { expires_in: "3600" }, 3600],
    ["a lifetime with a unit", { expires_in: "3600s" }, 3600],
    ["a fraction of a second", { expires_in: 1.5 }, 1.5],
    ["a lifetime of zero", { expires_in: 0 }, undefined],
    ["a lifetime of zero in digits", { expires_in: "0" }, undefined],
    ["an expiry at the beginning of time", { expires_at: 0 }, undefined],
    ["an expiry there as a Date, beside a lifetime", { expires_at: new Date(0), expires_in: 60 }, 60],
    ["a lifetime of centuries", { expires_in: 1e300 }, tenYears],
    ["an endless lifetime", { expires_in: Infinity }, tenYears],
    ["no lifetime", {}, undefined],
    ["a lifetime of null", { expires_in: null }, undefined],
    ["an empty lifetime", { expires_in: "" }, undefined],
    ["a lifetime that is not a number", { expires_in: Number.NaN }, undefined],
    ["a lifetime in words", { expires_in: "soon" }, undefined],
    ["a lifetime that is an object", { expires_in: { seconds: 5 } }, undefined],
  ])("%s is read", (_, fields, seconds) => {
    expect(read(fields).expiresAt).toBe(seconds === undefined ? undefined : now + seconds * 1000);
  });

  it.each([
    ["a Date", new Date(now + 60_000)],
    ["ISO 8601", new Date(now + 60_000).toISOString()],
    ["seconds since the UNIX epoch", now / 1000 + 60],
    ["digits", String(now / 1000 + 60)],
    ["milliseconds since the UNIX epoch", now + 60_000],
  ])("an expiry as %s is the same moment, and wins over the lifetime", (_, expires_at) => {
    expect(read({ expires_at, expires_in: 5 }).expiresAt).toBe(now + 60_000);
  });

  it.each([null, undefined, ""])("an expiry of %j counts as left out", (expires_at) => {
    expect(read({ expires_at, expires_in: 5 }).expiresAt).toBe(now + 5000);
  });

  it("an expiry that no Date can show is cut, so that logging the token set does not throw", () => {
    for (const expires_at of [1e300, Infinity, -1e300, -Infinity, new Date(8.64e15), 8.64e12]) {
      expect(() => JSON.stringify(read({ expires_at }))).not.toThrow();
    }
  });

  it.each([undefined, null, "", "bearer", "BEARER", "Bearer"])("the token type %j is Bearer", (token_type) => {
    expect(read({ token_type }).tokenType).toBe("Bearer");
  });

  it.each(["N_A", "JWT", "DPoP", "MAC", "application"])("the token type %s is kept as it is", (token_type) => {
    expect(read({ token_type }).tokenType).toBe(token_type);
  });

  it("a scope is read as text or as a list, and null, empty and an empty list are no scope", () => {
    expect(read({ scope: "read write" }).scope).toBe("read write");
    expect(read({ scope: ["read", "write"] }).scope).toBe("read write");
    for (const scope of [null, undefined, "", []]) expect(read({ scope }).scope).toBeUndefined();
  });

  it("a refresh token or id token of null or nothing is absent", () => {
    for (const empty of [null, undefined, ""]) {
      const tokens = read({ refresh_token: empty, id_token: empty });
      expect([tokens.refreshToken, tokens.idToken]).toEqual([undefined, undefined]);
    }
  });

  it("further fields are kept, whatever they are called", () => {
    const odd = JSON.parse('{"access_token":"a","sid":"s","__proto__":{"polluted":true},"constructor":1,"toString":2}') as TokenResponse;
    const { extra } = readTokenResponse(odd, now);
    expect(Object.keys(extra).toSorted()).toEqual(["__proto__", "constructor", "sid", "toString"]);
    expect(Object.getPrototypeOf(extra)).toBeNull();
    expect("polluted" in extra || "polluted" in {}).toBe(false);
    expect(Object.isFrozen(extra)).toBe(true);
  });

  it("fields of a polluted prototype are not read", () => {
    const inherited = Object.create({ access_token: "inherited" }) as TokenResponse;
    expect(() => readTokenResponse(inherited, now)).toThrow(/access_token/);
    const own = Object.assign(Object.create({ refresh_token: "inherited", sid: "inherited" }), { access_token: "own" }) as TokenResponse;
    const tokens = readTokenResponse(own, now);
    expect([tokens.refreshToken, tokens.extra["sid"]]).toEqual([undefined, undefined]);
  });

  it("the time of issue is now, unless the response names a plausible one in seconds", () => {
    expect(read({}).issuedAt).toBe(now);
    expect(read({ issued_at: now / 1000 - 60 }).issuedAt).toBe(now - 60_000);
    for (const issued_at of ["1278448384422", null, Number.NaN, Infinity, now, -5, {}]) expect(read({ issued_at }).issuedAt).toBe(now);
  });
});

describe("a token response that is unusable", () => {
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "gave nothing"],
    ["null", null, "gave null"],
    ["text", "sesame", "gave a string of 6 characters"],
    ["a list", [{ access_token: "sesame" }], "gave an array of 1"],
    ["a number", 5, "expected a token set or a token response"],
    ["an empty object", {}, "access_token is not usable"],
  ])("is refused when it is %s", (_, given, message) => {
    expect(() => readTokenResponse(given as TokenResponse, now)).toThrow(InvalidTokenResponseError);
    expect(() => readTokenResponse(given as TokenResponse, now)).toThrow(message);
  });

  const marks = ["\r\nx: y", "\n", "\r", "\0", " ", "\t", "ä", "\u00a0", "\u200b", "😀", "\u007f"];
  const unusableTokens = [
    ...marks.flatMap((mark) => [`${mark}canary`, `can${mark}ary`, `canary${mark}`]),
    8_675_309,
    0.5,
    true,
    {},
    ["canary"],
  ];
  it.each(["access_token", "refresh_token", "id_token"])(
    "is refused when %s cannot stand in a header, and the value is not shown",
    (field) => {
      for (const value of unusableTokens) {
        const error = caught(() => read({ [field]: value }));
        expect(error).toBeInstanceOf(InvalidTokenResponseError);
        expect(error.message).toContain(field);
        expect(error.message).not.toMatch(/can.?ary|ary|8675|0\.5/);
        expect(error.cause).toBeUndefined();
      }
    },
  );

  it.each(["", null, undefined])("is refused when the access token is %j", (access_token) => {
    expect(() => read({ access_token })).toThrow(/access_token is not usable: expected a string that is not empty/);
  });

  it.each([
    ["expires_in", -1],
    ["expires_in", "-1"],
    ["expires_in", -Infinity],
    ["expires_at", "the day after tomorrow"],
    ["expires_at", new Date(Number.NaN)],
    ["expires_at", Number.NaN],
    ["expires_at", {}],
    ["expires_at", true],
    ["token_type", "two words"],
    ["token_type", "Bearer\r\nx"],
    ["token_type", 5],
    ["scope", 5],
    ["scope", [1, 2]],
    ["scope", { read: true }],
  ])("is refused when %s is %j", (field, value) => {
    const error = caught(() => read({ [field]: value }));
    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(error.message).toMatch(new RegExp(`^The token response's ${field} is not usable: expected .*, got .*\\.$`));
  });

  it("is refused when a field cannot be stored", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    for (const raw of [circular, 5n]) expect(caught(() => read({ raw }))).toBeInstanceOf(InvalidTokenResponseError);
  });

  it("never shows what any field held", () => {
    const secret = fc
      .string({ minLength: 8, maxLength: 20, unit: fc.constantFrom("q", "z", "\0", " ", "ü", "\n") })
      .filter((text) => /[^qz]/.test(text));
    const fields = fc.constantFrom("access_token", "refresh_token", "id_token", "token_type", "expires_at");
    fc.assert(
      fc.property(fields, secret, (field, value) => {
        const error = caught(() => read({ [field]: value }));
        expect(error).toBeInstanceOf(InvalidTokenResponseError);
        expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toContain(value);
      }),
    );
  });
});

describe("a refresh response", () => {
  const previous = read({ refresh_token: "refresh", id_token: "id", scope: "read", sid: "session", region: "eu", expires_in: 60 });

  it("that leaves fields out keeps those of the token set before it, but not its expiry", () => {
    const renewed = read({ access_token: "next" }, previous);
    expect(all(renewed)).toMatchObject({
      accessToken: "next",
      refreshToken: "refresh",
      idToken: "id",
      scope: "read",
      expiresAt: undefined,
    });
    expect({ ...renewed.extra }).toEqual({ sid: "session", region: "eu" });
  });

  it("that has them replaces them, one by one", () => {
    const renewed = read({ refresh_token: "rotated", id_token: "id 2".replace(" ", ""), scope: "write", sid: "other" }, previous);
    expect(all(renewed)).toMatchObject({ refreshToken: "rotated", idToken: "id2", scope: "write" });
    expect({ ...renewed.extra }).toEqual({ sid: "other", region: "eu" });
    expect({ ...previous.extra }).toEqual({ sid: "session", region: "eu" });
  });

  it("that empties them keeps them as well", () => {
    const renewed = read({ refresh_token: "", id_token: null, scope: [] }, previous);
    expect(all(renewed)).toMatchObject({ refreshToken: "refresh", idToken: "id", scope: "read" });
  });

  it("keeps fields called __proto__ as fields", () => {
    const odd = JSON.parse('{"access_token":"a","__proto__":{"x":1}}') as TokenResponse;
    const renewed = readTokenResponse({ access_token: "b", more: 1 }, now, readTokenResponse(odd, now));
    expect(Object.keys(renewed.extra)).toEqual(["more", "__proto__"]);
    expect("x" in renewed.extra).toBe(false);
  });
});

const text = fc.string({ minLength: 1, unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(value, { nil: undefined });
const anyResponse = fc
  .record({
    access_token: text,
    token_type: maybe(fc.constantFrom("Bearer", "bearer", "DPoP", "N_A")),
    expires_in: maybe(fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }), fc.nat().map(String))),
    expires_at: maybe(fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.date({ noInvalidDate: true }))),
    issued_at: maybe(fc.oneof(fc.integer(), fc.double())),
    scope: maybe(fc.oneof(fc.string(), fc.array(fc.string()))),
    refresh_token: maybe(text),
    id_token: maybe(text),
    unnamed: fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue(), { maxKeys: 4 }),
  })
  .map(({ unnamed, ...named }) => ({ ...unnamed, ...named }) as TokenResponse);

it("makes the same token set again of what toTokenResponse made of it, through JSON and at any later time", () => {
  fc.assert(
    fc.property(anyResponse, fc.double({ min: 0, max: 4e12, noNaN: true }), (given, later) => {
      const tokens = readTokenResponse(given, now);
      const stored = JSON.parse(JSON.stringify(toTokenResponse(tokens))) as TokenResponse;
      const again = readTokenResponse(stored, later);
      expect(again.expiresAt === undefined ? undefined : Math.round(again.expiresAt)).toBe(
        tokens.expiresAt === undefined ? undefined : Math.round(tokens.expiresAt),
      );
      expect(Math.round(again.issuedAt) + 0).toBe(Math.round(tokens.issuedAt) + 0);
      const ignoringTimes = { issuedAt: 0, expiresAt: 0 };
      expect({ ...all(again), ...ignoringTimes, extra: JSON.stringify(again.extra) }).toEqual({
        ...all(tokens),
        ...ignoringTimes,
        extra: JSON.stringify(tokens.extra),
      });
    }),
    { numRuns: 300 },
  );
});

it("ends with a token set or with InvalidTokenResponseError, whatever the source gave", () => {
  const names = fc.constantFrom(
    "access_token",
    "token_type",
    "expires_in",
    "expires_at",
    "issued_at",
    "scope",
    "refresh_token",
    "id_token",
    "sid",
  );
  const given = fc.oneof(fc.anything(), fc.dictionary(names, fc.anything()));
  fc.assert(
    fc.property(given, (value) => {
      try {
        const tokens = readTokenResponse(value as TokenResponse, now);
        expect(tokens.accessToken).toMatch(/^[\x21-\x7e]+$/);
        expect(JSON.stringify(tokens)).toContain(tokens.fingerprint);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidTokenResponseError);
      }
    }),
    { numRuns: 500 },
  );
});

function caught(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("Nothing was thrown.");
}
