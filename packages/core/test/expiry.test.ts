import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expiryNames, readExpiry, readJwtExpiry } from "../src/tokens/expiry.ts";
import { readTokenResponse, toTokenResponse } from "../src/tokens/token-response.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";
import { response, setUp } from "./set-up.ts";
import { settle } from "./test-clock.ts";

const now = Date.UTC(2026, 0, 1);
/** What programs write where there is no moment: the beginnings of their times. */
const nothings: [string, unknown][] = [
  ["zero", 0],
  ["zero in digits", "0"],
  ["zero with a fraction", "0.0"],
  ["-1", -1],
  ["-1 in digits", "-1"],
  ["a number far below zero", -62_135_596_800],
  ["the least number", -Infinity],
  ["the zero time of Go", "0001-01-01T00:00:00Z"],
  ["DateTime.MinValue of .NET", "0001-01-01T00:00:00"],
  ["the same in the form of the United States", "01/01/0001 00:00:00"],
  ["the same in RFC 1123", "Mon, 01 Jan 0001 00:00:00 GMT"],
  ["the zero of Windows", "1601-01-01T00:00:00Z"],
  ["the zero of SQL Server", "1900-01-01 00:00:00Z"],
  ["the UNIX epoch", "1970-01-01T00:00:00Z"],
  ["the UNIX epoch as a Date", new Date(0)],
  ["a Date before it", new Date(-62_135_596_800_000)],
];
const momentNames = ["expires_at", "expires_on", "expiresOn", "expiry_date", "expiresAt", "expiry", ".expires"];
const lifetimeNames = ["expires_in_sec", "expires_in", "expiresIn"];

/** As a token endpoint has just answered, unless `isNew` is false; `at` is a time of the wall clock. */
function read(fields: Record<string, unknown>, { at = now, isNew = true } = {}): { end: number | undefined; ignored: string[] } {
  const ignored: string[] = [];
  const end = readExpiry((name) => fields[name], at, { ignored: (name) => void ignored.push(name), isNew });
  return { end, ignored };
}

describe("the end of a token under any of its names (field line 104)", () => {
  it("has the names that this table has", () => {
    expect(expiryNames.toSorted()).toEqual([...momentNames, ...lifetimeNames].toSorted());
  });

  const end = now + 3_600_000;
  const spellings: [string, unknown][] = [
    ["seconds", end / 1000],
    ["seconds in digits", String(end / 1000)],
    ["seconds with a fraction, in digits", `${end / 1000}.0`],
    ["milliseconds", end],
    ["milliseconds in digits", String(end)],
    ["ISO 8601", new Date(end).toISOString()],
    ["ISO 8601 with nanoseconds, as Go writes it", "2026-01-01T01:00:00.000000000Z"],
    ["ISO 8601 in another zone", "2026-01-01T03:30:00+02:30"],
    ["RFC 1123, as ASP.NET writes it", "Thu, 01 Jan 2026 01:00:00 GMT"],
    ["asctime", "Thu Jan  1 01:00:00 2026 GMT"],
    ["a date of the United States, as Azure's functions write it", "01/01/2026 01:00:00 +00:00"],
    ["a date with spaces around it", "\n2026-01-01T01:00:00Z "],
    ["a Date", new Date(end)],
  ];
  describe.each(momentNames)("%s", (name) => {
    it.each(spellings)("is read as %s", (_, value) => {
      expect(read({ [name]: value })).toEqual({ end, ignored: [] });
    });

    it.each([0, "", null, undefined])("says nothing as %j", (value) => {
      expect(readTokenResponse({ access_token: "a", [name]: value }, now).expiresAt).toBeUndefined();
    });

    it.each(["soon", {}, [], true, Number.NaN, new Date(Number.NaN)])("is told to be of no use as %j", (value) => {
      expect(read({ [name]: value })).toEqual({ end: undefined, ignored: [name] });
    });

    it("of the past has passed", () => {
      for (const value of [now / 1000 - 60, now - 60_000, new Date(now - 60_000).toISOString(), "1999-12-31"])
        for (const isNew of [true, false]) expect(read({ [name]: value }, { isNew }).end).toBeLessThanOrEqual(now - 60_000);
    });

    it.each(nothings)("says nothing as %s, in a new answer and in an old token set", (_, value) => {
      for (const isNew of [true, false]) expect(read({ [name]: value }, { isNew })).toEqual({ end: undefined, ignored: [] });
      expect(read({ [name]: value, expires_in: 60 })).toEqual({ end: now + 60_000, ignored: [] });
    });

    // A date reader takes each of these for some moment, the last one for a year long gone.
    it.each(["soon 5", "in 3600", "3600 s", "1h", "PT1H", "5/6", "never 1"])("is told to be of no use as %j, in any case", (value) => {
      for (const isNew of [true, false]) expect(read({ [name]: value }, { isNew })).toEqual({ end: undefined, ignored: [name] });
    });

    it("in too few digits for a moment since 1973 is a lifetime in a new answer, and too short for one below a minute", () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 99_999_999 }), fc.boolean(), (value, isText) => {
          const expected = value < 60 ? { end: undefined, ignored: [name] } : { end: now + value * 1000, ignored: [] };
          expect(read({ [name]: isText ? String(value) : value })).toEqual(expected);
        }),
      );
      // A lifetime under its own name, and a moment that is one, count for more.
      expect(read({ [name]: 60, expires_in: 3600 }).end).toBe(now + 3_600_000);
      expect(read({ expires_at: 60, expires_on: now / 1000 + 3600 }).end).toBe(now + 3_600_000);
    });

    it("in so few digits has passed long ago in what may be old, and is a moment beside the time of issue, and by a clock that counts from zero", () => {
      for (const value of [3600, "3600"]) {
        expect(read({ [name]: value }, { isNew: false }).end).toBe(3_600_000);
        expect(read({ [name]: value, issued_at: 60 }).end).toBe(3_600_000);
        expect(read({ [name]: value }, { at: 60_000 }).end).toBe(3_600_000);
      }
    });

    it("is no further field of the token set, which says it under one name", () => {
      const tokens = readTokenResponse({ access_token: "a", [name]: end / 1000, sid: "s" }, now);
      expect(Object.keys(tokens.extra)).toEqual(["sid"]);
      expect(toTokenResponse(tokens).expires_at).toBe(end / 1000);
    });
  });

  it.each(lifetimeNames)("%s is a lifetime in seconds, from now on", (name) => {
    for (const value of [60, "60", "60s"]) expect(read({ [name]: value })).toEqual({ end: now + 60_000, ignored: [] });
    for (const value of [0, "0"]) expect(read({ [name]: value })).toEqual({ end: undefined, ignored: [] });
    for (const value of [-1, "soon", {}]) expect(read({ [name]: value })).toEqual({ end: undefined, ignored: [name] });
  });

  describe.each(lifetimeNames)("the lifetime %s", (name) => {
    const written = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.constantFrom("", ".0", ".5"), fc.constantFrom("", " ", "\n"));
    const units: [number, readonly string[]][] = [
      [1, ["", "s", " s", "S", " sec", " seconds", " second", "secs"]],
      [60, ["m", " m", "min", " min", "mins", " minutes", "minute", "M"]],
      [3600, ["h", " h", "H", " hour", "hours", "hr", "hrs"]],
      [86_400, ["d", " d", "D", " day", "days"]],
    ];

    it.each(units)("is read exactly with units of %d s", (seconds, spellings) => {
      fc.assert(
        fc.property(written, fc.constantFrom(...spellings), ([whole, part, space], unit) => {
          const expected = { end: now + Math.min(Number(`${whole}${part}`) * seconds, 315_360_000) * 1000, ignored: [] };
          expect(read({ [name]: `${space}${whole}${part}${unit}${space}` })).toEqual(expected);
        }),
      );
    });

    it("is told to be of no use where its text is anything else, however it begins", () => {
      const digits = fc.integer({ min: 1, max: 99_999 }).map(String);
      const mark = fc.constantFrom(",", "'", ":", "/", "-", "e", "ms", "w", "mo", "y", "x", "T", "%", "_", " and ", "..", "µs", "\u0660");
      fc.assert(
        fc.property(digits, mark, fc.oneof(digits, fc.constant("")), (before, odd, after) => {
          expect(read({ [name]: `${before}${odd}${after}` })).toEqual({ end: undefined, ignored: [name] });
        }),
      );
      for (const value of [
        "PT1H",
        "P1D",
        "1h30m",
        "1,800",
        "1.800,5",
        "01:00:00",
        "2026-01-01T01:00:00Z",
        "Infinity",
        "0x10",
        "-60",
        "+60",
        "1e3",
        ".5",
        "5.",
        "s",
      ])
        expect(read({ [name]: value })).toEqual({ end: undefined, ignored: [name] });
    });

    it("that is beyond ten years is a moment, if it is one within ten years, in seconds or milliseconds", () => {
      for (const left of [60, 3600, 86_400 * 365]) {
        expect(read({ [name]: now / 1000 + left })).toEqual({ end: now + left * 1000, ignored: [] });
        expect(read({ [name]: String(now + left * 1000) })).toEqual({ end: now + left * 1000, ignored: [] });
      }
      for (const value of [2 ** 31 - 1, 315_360_001, 1e300, Infinity]) expect(read({ [name]: value }).end).toBe(now + 315_360_000_000);
    });
  });

  it("comes from the first name that says it, in one order: expires_at, a lifetime, another moment", () => {
    const order = ["expires_at", ...lifetimeNames, ...momentNames.slice(1)];
    const usable = (name: string, index: number): unknown => (lifetimeNames.includes(name) ? index + 1 : now / 1000 + index + 1);
    fc.assert(
      fc.property(fc.subarray(order, { minLength: 1 }), fc.subarray(order), (given, odd) => {
        const fields = Object.fromEntries(given.map((name) => [name, odd.includes(name) ? {} : usable(name, order.indexOf(name))]));
        const first = given.find((name) => !odd.includes(name));
        const told = given.slice(0, first === undefined ? undefined : given.indexOf(first));
        expect(read(fields)).toEqual({ end: first === undefined ? undefined : now + (order.indexOf(first) + 1) * 1000, ignored: told });
      }),
    );
  });

  it("is the same whatever the unit, for every moment of our days", () => {
    fc.assert(
      fc.property(fc.constantFrom(...momentNames), fc.integer({ min: 1_000_000_000, max: 9_999_999_999 }), (name, seconds) => {
        const ends = [seconds, String(seconds), seconds * 1000, String(seconds * 1000), new Date(seconds * 1000).toISOString()].map(
          (value) => read({ [name]: value }).end,
        );
        expect(new Set(ends)).toEqual(new Set([seconds * 1000]));
      }),
    );
  });

  it("is what a token cache goes by: the token is not sent any more afterwards", async () => {
    for (const name of momentNames) {
      const { tokens, hand, clock } = setUp();
      const moment = clock.now() / 1000 + 600;
      const got = tokens.get();
      await settle();
      hand.last.give({ access_token: "a", [name]: moment });
      expect((await got).expiresAt).toBe(moment * 1000);
      await clock.advance(599_000);
      expect(tokens.peek()).toBeUndefined();
    }
  });
});

const jwt = (claims: unknown, header = "eyJhbGciOiJub25lIn0"): string =>
  `${header}.${Buffer.from(typeof claims === "string" ? claims : JSON.stringify(claims)).toString("base64url")}.c2ln`;
const seconds = now / 1000;

describe("the exp of an access token that is a JWT (field line 104)", () => {
  it.each<[string, string, number | undefined]>([
    ["its exp", jwt({ exp: seconds + 600 }), 600],
    ["its exp, with an iat", jwt({ iat: seconds, exp: seconds + 600 }), 600],
    ["its exp, with text of all kinds beside it", jwt({ sub: "Zoë ☃ 💚", exp: seconds + 600 }), 600],
    ["an exp in the past, without an iat", jwt({ exp: seconds - 600 }), -600],
    ["nothing without an exp", jwt({ iat: seconds }), undefined],
    ["nothing of an exp in milliseconds", jwt({ exp: now + 600_000 }), undefined],
    ["nothing of an exp in words", jwt({ exp: "2026" }), undefined],
    ["nothing of an exp before 1973", jwt({ exp: 1 }), undefined],
    ["nothing of an exp before 1973, after its iat", jwt({ iat: 2, exp: 1 }), undefined],
    ["its lifetime, by a clock that has been set to 1970", jwt({ iat: 100, exp: 700 }), 600],
    ["nothing of an exp of zero", jwt({ exp: 0 }), undefined],
    ["nothing of claims that are a list", jwt([seconds + 600]), undefined],
    ["nothing of claims that are null", jwt("null"), undefined],
    ["nothing of an inherited exp", jwt('{"__proto__":{"exp":1}}'), undefined],
    ["nothing of claims that are no JSON", jwt("exp"), undefined],
    ["nothing of claims that are no base64", "eyJhbGciOiJub25lIn0.%%%.c2ln", undefined],
    ["nothing of four parts (a JWE has five)", `${jwt({ exp: seconds + 600 })}.x`, undefined],
    [
      "nothing of two parts",
      jwt({ exp: seconds + 600 })
        .split(".")
        .slice(0, 2)
        .join("."),
      undefined,
    ],
    ["nothing of what has no JSON header", jwt({ exp: seconds + 600 }, "abc"), undefined],
    ["nothing of an opaque token", "2YotnFZFEjr1zCsicMWpAA", undefined],
  ])("says %s", (_, token, left) => {
    expect(readJwtExpiry(token, now, true)).toBe(left === undefined ? undefined : now + left * 1000);
  });

  // The lifetime is 600 s. What counts is how far ahead of the server's clock this one is, in seconds.
  it.each([
    [0, 600],
    [40, 560],
    [-40, 600],
    [599, 1],
    [601, 600],
    [3600, 600],
    [-3600, 600],
  ])("on a machine whose clock is %d s ahead leaves a new token %d s", (ahead, left) => {
    const token = jwt({ iat: seconds - ahead, exp: seconds - ahead + 600 });
    expect(readJwtExpiry(token, now, true)).toBe(now + left * 1000);
    // One that may have come long ago ends when it says.
    expect(readJwtExpiry(token, now, false)).toBe(now + (600 - ahead) * 1000);
  });

  it("never throws, and never gives what is no moment", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json().map(jwt), fc.dictionary(fc.constantFrom("exp", "iat"), fc.jsonValue()).map(jwt)),
        (token) => {
          const end = readJwtExpiry(token, now, true);
          expect(end === undefined || (end > 0 && end < 1e15)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("counts where no field says it, beats defaultLifetime, and can be turned off", async () => {
    const token = jwt({ exp: seconds + 600 });
    const ends = async (fields: object, freshness: object): Promise<number | undefined> => {
      const { tokens, hand } = setUp({ freshness });
      const got = tokens.get();
      await settle();
      hand.last.give({ access_token: token, ...fields });
      return (await got).expiresAt;
    };
    expect(await ends({}, {})).toBe(now + 600_000);
    expect(await ends({}, { defaultLifetime: 60 })).toBe(now + 600_000);
    expect(await ends({ expires_in: 30 }, {})).toBe(now + 30_000);
    expect(await ends({ expiry: seconds + 30 }, {})).toBe(now + 30_000);
    expect(await ends({ expires_in: -1 }, {})).toBe(now + 600_000);
    expect(await ends({}, { jwtExpiry: false })).toBeUndefined();
  });

  it("turned off leaves the token to defaultLifetime, and turned on it is not sent past its exp", async () => {
    const token = jwt({ exp: seconds + 600 });
    for (const [freshness, isLeft] of [
      [{}, false],
      [{ jwtExpiry: false }, true],
      [{ jwtExpiry: false, defaultLifetime: 900 }, true],
      [{ jwtExpiry: false, defaultLifetime: 60 }, false],
    ] as const) {
      const { tokens, clock } = setUp({ freshness });
      await tokens.save({ access_token: token });
      expect(tokens.peek()?.accessToken).toBe(token);
      await clock.advance(601_000);
      expect([freshness, tokens.peek() !== undefined]).toEqual([freshness, isLeft]);
    }
  });

  it("of tokens that move in is their end, however long they were kept elsewhere", async () => {
    const token = jwt({ iat: seconds - 7200, exp: seconds - 3600 });
    for (const given of [
      { access_token: token, refresh_token: "r" },
      new TokenSet({ accessToken: token, tokenType: "Bearer", issuedAt: now, refreshToken: "r" }),
    ]) {
      for (const take of ["save", "seed"] as const) {
        const { tokens, hand } = setUp();
        await tokens[take](given);
        expect(tokens.peek()).toBeUndefined();
        void tokens.get().catch(() => {});
        await settle();
        expect(hand.last.context.previous?.refreshToken).toBe("r");
        hand.last.give(response("1"));
        await settle();
      }
    }
  });

  it("is remembered by a store, also for a process that has turned it off", async () => {
    const { memoryStore } = await import("../src/store/memory-store.ts");
    const store = memoryStore();
    const one = setUp({ store, key: "user" });
    await one.tokens.save({ access_token: jwt({ exp: seconds + 600 }) });
    const other = setUp({ store, key: "user", clock: one.clock, freshness: { jwtExpiry: false } });
    expect((await other.tokens.get()).expiresAt).toBe(now + 600_000);
  });
});
