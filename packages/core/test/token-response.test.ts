import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError } from "../src/errors/refresh-errors.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "../src/tokens/token-response.ts";
import { type TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";

const now = Date.UTC(2026, 0, 1);
const tenYears = 315_360_000;

function read(fields: Record<string, unknown>, previous?: TokenSet): TokenSet {
  return readTokenResponse({ access_token: "access", ...fields } as TokenResponse, now, previous);
}

/** The same, and the fields that were told to be of no use. */
function readAndTell(fields: Record<string, unknown>, previous?: TokenSet): { tokens: TokenSet; ignored: string[] } {
  const ignored: string[] = [];
  const options = { ignored: (name: string) => void ignored.push(name) };
  return { tokens: readTokenResponse({ access_token: "access", ...fields } as TokenResponse, now, previous, options), ignored };
}

/** Everything in a token set, secrets too. */
function all(tokens: TokenSet): Record<string, unknown> {
  const { accessToken, refreshToken, idToken, tokenType, issuedAt, expiresAt, scope, extra } = tokens;
  return { accessToken, refreshToken, idToken, tokenType, issuedAt, expiresAt, scope, extra: Object.entries(extra) };
}

const marks = ["\r\nx: y", "\n", "\r", "\0", " ", "\t", "ä", "\u00a0", "\u200b", "😀", "\u007f"];
/** What no header can carry. */
const unusableTokens = [
  ...marks.flatMap((mark) => [`${mark}canary`, `can${mark}ary`, `canary${mark}`]),
  8_675_309,
  0.5,
  true,
  {},
  ["canary"],
];
const text = fc.string({ minLength: 1, unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });

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

  it.each(unusableTokens)("is refused when the access token is %j, and the value is not shown", (access_token) => {
    const error = caught(() => read({ access_token }));
    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(error.message).toContain("access_token");
    expect(error.message).not.toMatch(/can.?ary|ary|8675|0\.5/);
    expect(error.cause).toBeUndefined();
  });

  it.each(["", null, undefined])("is refused when the access token is %j", (access_token) => {
    expect(() => read({ access_token })).toThrow(/access_token is not usable: expected a string that is not empty/);
  });

  it("in camel case says which names are expected", () => {
    const given = { accessToken: "canary", refreshToken: "r", expiresIn: 60 };
    const error = caught(() => readTokenResponse(given as never, now));
    expect(error.message).toBe(
      "The token source gave accessToken; expected the names of RFC 6749, such as access_token, refresh_token and expires_in, or a TokenSet.",
    );
  });

  it("never shows what the access token was, nor the refresh token that the error holds", () => {
    const secret = fc
      .string({ minLength: 8, maxLength: 20, unit: fc.constantFrom("q", "z", "\0", " ", "ü", "\n") })
      .filter((text) => /[^qz]/.test(text));
    fc.assert(
      fc.property(secret, secret, (access_token, refresh_token) => {
        const error = caught(() => read({ access_token, refresh_token }));
        expect(error).toBeInstanceOf(InvalidTokenResponseError);
        const shown = `${error.message} ${JSON.stringify(error)} ${error.stack} ${inspect(error, { showHidden: true, depth: 9 })}`;
        for (const value of [access_token, refresh_token]) {
          expect(shown).not.toContain(value);
          expect(shown).not.toContain(JSON.stringify(value).slice(1, -1));
        }
      }),
    );
  });

  it.each(unusableTokens)("holds the new refresh token that came with the access token %j (field line 99)", (access_token) => {
    const previous = read({ refresh_token: "spent" });
    for (const given of [{ refresh_token: "next" }, { refreshToken: "next" }])
      expect(caught(() => read({ access_token, ...given }, previous))).toMatchObject({ refreshToken: "next" });
    for (const given of [
      {},
      { refresh_token: "spent" },
      { refresh_token: null },
      { refresh_token: 5 },
      { refresh_token: "r".repeat(262_145) },
    ])
      expect(caught(() => read({ access_token, ...given }, previous))).toHaveProperty("refreshToken", undefined);
  });
});

/** Fields that say nothing usable, one by one. The last four are told for the fields of a token set that no standard names. */
const circular: Record<string, unknown> = {};
circular["self"] = circular;
const oddFields: [string, unknown][] = [
  ...[-1, "-1", -Infinity, "soon", Number.NaN, { seconds: 5 }, true, [60]].map((value): [string, unknown] => ["expires_in", value]),
  ...["the day after tomorrow", new Date(Number.NaN), Number.NaN, {}, true].map((value): [string, unknown] => ["expires_at", value]),
  ...["two words", "Bearer\r\nx", 5, {}, ["Bearer"]].map((value): [string, unknown] => ["token_type", value]),
  ...[5, [1, 2], ["read", 1], { read: true }, true].map((value): [string, unknown] => ["scope", value]),
  ...unusableTokens.map((value): [string, unknown] => ["id_token", value]),
  ...[5, 0.5, true, {}, ["canary"], "r".repeat(262_145)].map((value): [string, unknown] => ["refresh_token", value]),
  ["raw", circular],
  ["raw", 5n],
];

describe("an odd field of a good token response (field line 99)", () => {
  const good = { refresh_token: "next", expires_in: 60, token_type: "DPoP", scope: "write", id_token: "id", sid: "s" };

  it.each(oddFields)("%s counts as left out, is told by its name, and nothing else of the answer is lost", (name, value) => {
    const { tokens, ignored } = readAndTell({ ...good, [name]: value });
    const without: Partial<TokenResponse> = { ...good };
    delete without[name];
    expect(all(tokens)).toEqual(all(read(without)));
    expect(ignored).toEqual([name]);
  });

  it.each(oddFields)("%s leaves that of the token set before in place", (name, value) => {
    const previous = read({ refresh_token: "before", scope: "read", id_token: "before", sid: "before" });
    const without: Partial<TokenResponse> = { ...good };
    delete without[name];
    expect(all(read({ ...good, [name]: value }, previous))).toEqual(all(read(without, previous)));
  });

  it("does no harm however many there are: the refresh token is kept, and each odd field is told once", () => {
    const odd = fc.uniqueArray(fc.constantFrom(...oddFields.filter(([name]) => name !== "refresh_token")), {
      selector: ([name]) => name,
      minLength: 1,
    });
    fc.assert(
      fc.property(odd, text, (fields, refresh_token) => {
        const { tokens, ignored } = readAndTell({ ...Object.fromEntries(fields), refresh_token });
        expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access", refresh_token]);
        expect(ignored.toSorted()).toEqual(fields.map(([name]) => name).toSorted());
      }),
      { numRuns: 200 },
    );
  });

  it("under one of two names leaves the refresh token under the other one, which is kept", () => {
    for (const odd of [1, 0, false, true, {}, [], ["R1"], "r".repeat(262_145)]) {
      expect(readAndTell({ refresh_token: odd, refreshToken: "next" })).toMatchObject({
        tokens: { refreshToken: "next" },
        ignored: ["refresh_token"],
      });
      expect(readAndTell({ refresh_token: "next", refreshToken: odd })).toMatchObject({ tokens: { refreshToken: "next" }, ignored: [] });
      expect(readAndTell({ refreshToken: odd })).toMatchObject({ tokens: { refreshToken: undefined }, ignored: ["refreshToken"] });
      const error = caught(() => read({ access_token: 5, refresh_token: odd, refreshToken: "next" }));
      expect(error).toMatchObject({ refreshToken: "next" });
    }
    for (const nothing of [null, "", undefined])
      expect(readAndTell({ refresh_token: nothing, refreshToken: "next" })).toMatchObject({
        tokens: { refreshToken: "next" },
        ignored: [],
      });
  });

  it("is told of a refresh token that a form can carry only if it is one", () => {
    // A refresh token goes into a form, which carries every text; an access token and an id token do not.
    for (const refresh_token of ["with a space", "ümlaut", "line\nbreak"]) {
      const { tokens, ignored } = readAndTell({ refresh_token });
      expect([tokens.refreshToken, ignored]).toEqual([refresh_token, []]);
    }
  });

  it("is not told of what is left out, null or empty, nor of a lifetime of zero", () => {
    for (const nothing of [undefined, null, ""])
      expect(
        readAndTell({
          expires_in: nothing,
          expires_at: nothing,
          token_type: nothing,
          scope: nothing,
          id_token: nothing,
          refresh_token: nothing,
        }).ignored,
      ).toEqual([]);
    expect(readAndTell({ expires_in: 0, expires_at: 0, scope: [] }).ignored).toEqual([]);
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
