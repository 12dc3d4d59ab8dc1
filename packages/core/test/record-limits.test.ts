import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { decodeRecord, timeToLive } from "../src/record/encoded-record.ts";
import { isOfLogin, markOf, type SubjectRecord } from "../src/record/record.ts";
import { TokenSet, type TokenSetFields } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";

const twoHours = 7_200_000;
const decode = (fields: object): SubjectRecord =>
  decodeRecord({ version: "7", value: JSON.stringify({ format: 1, generation: 3, ...fields }) });
const refusal = (fields: object): StoreError => {
  try {
    decode(fields);
  } catch (error) {
    return error as StoreError;
  }
  throw new Error("It was taken for a record.");
};

describe("a stored record", () => {
  it("makes nobody wait longer than two hours, whatever its deadline and its pause say", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (deadline, duration) => {
          const pause = { duration, begun: 0, failures: 1, outcome: "unknown" };
          const read = decode({ intent: { owner: "other", deadline }, pause });
          expect(read.intent?.deadline).toBe(Math.min(deadline + 0, twoHours));
          expect(read.pause?.duration).toBe(Math.min(duration + 0, twoHours));
        },
      ),
    );
  });

  it.each([1e300, Number.MAX_SAFE_INTEGER, twoHours + 1])("with a deadline of %d counts as one of two hours", (deadline) => {
    expect(decode({ intent: { owner: "other", deadline } }).intent).toEqual({ owner: "other", deadline: twoHours });
  });

  it.each(["not-sent", "refused", "throttled", "unknown"])("may have the outcome %s", (outcome) => {
    const pause = { duration: 5, begun: 0, failures: 1, outcome };
    expect(decode({ pause }).pause).toEqual(pause);
  });

  it.each<[string, object]>([
    ["an outcome that is none", { pause: { duration: 5, begun: 0, failures: 1, outcome: "exploded" } }],
    ["an outcome that every object inherits", { pause: { duration: 5, begun: 0, failures: 1, outcome: "toString" } }],
    ["an outcome that is a list of one", { pause: { duration: 5, begun: 0, failures: 1, outcome: ["unknown", "x"] } }],
    ["failures in words", { pause: { duration: 5, begun: 0, failures: "one", outcome: "unknown" } }],
    ["a generation that cannot be counted on", { generation: 2 ** 53 - 1 }],
    ["a generation beyond all counting", { generation: 2 ** 50 }],
    ["a lineage that is a number", { lineage: 5 }],
    ["a lineage that is null", { lineage: null }],
    ["a holder that is a number", { intent: { owner: "other", deadline: 5, holder: 5 } }],
    ["a holder that is null", { intent: { owner: "other", deadline: 5, holder: null } }],
    ["a login that is required in words", { loginRequired: "yes" }],
  ])("with %s is none, and can be replaced by its version", (_, fields) => {
    expect(refusal(fields)).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", version: "7" });
  });

  it("is refused without a version by which it could be replaced when its format is a newer one", () => {
    for (const format of [2.5, 3, 1e9]) {
      const error = refusal({ format, tokens: "of another shape" });
      expect(error).toBeInstanceOf(StoreError);
      expect([error.code, error.version, error.message.includes(`format ${format}`)]).toEqual([
        "ERR_STORE_RECORD_INVALID",
        undefined,
        true,
      ]);
    }
  });

  it("has a generation that another one can follow, up to the last", () => {
    expect(decode({ generation: 2 ** 50 - 1 }).generation).toBe(2 ** 50 - 1);
    expect(decode({ generation: 0 }).generation).toBe(0);
  });
});

describe("the time to live of a record", () => {
  const now = Date.UTC(2026, 0, 1);
  const tokenSet = (fields: Partial<TokenSetFields>): TokenSet =>
    new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: now, expiresAt: now + 60_000, ...fields });
  const pause = { duration: 300_000, begun: now, failures: 1, outcome: "unknown" } as const;
  const intent = { owner: "me", deadline: 200_000 };
  const month = 30 * 86_400_000;

  it.each<[string, SubjectRecord, number | undefined]>([
    ["with a refresh token is endless", { generation: 1, tokenSet: tokenSet({ refreshToken: "r" }) }, undefined],
    [
      "with a refresh token is endless, be the rest over",
      { generation: 1, tokenSet: tokenSet({ refreshToken: "r", expiresAt: now - 1 }) },
      undefined,
    ],
    [
      "with a refresh token that is dead is endless",
      { generation: 1, tokenSet: tokenSet({ refreshToken: "r" }), loginRequired: {} },
      undefined,
    ],
    ["with a token that does not expire is endless", { generation: 1, tokenSet: tokenSet({ expiresAt: undefined }) }, undefined],
    ["ends a minute after its token set", { generation: 1, tokenSet: tokenSet({}) }, 120_000],
    ["ends a minute from now when its token set is over", { generation: 1, tokenSet: tokenSet({ expiresAt: now - 1e9 }) }, 60_000],
    ["covers an intent", { generation: 1, tokenSet: tokenSet({}), intent }, 260_000],
    ["covers a pause", { generation: 1, tokenSet: tokenSet({}), intent, pause }, 360_000],
    ["of a logout is 30 days, which stop late writers", { generation: 2 }, month],
    ["of a login that is required is 30 days", { generation: 2, loginRequired: {} }, month],
    ["of a first refresh is 30 days", { generation: 0, intent }, month],
    ["of a logout after a seed is endless: nothing else remembers the seed", { generation: 2, seed: "hash" }, undefined],
    [
      "of tokens that are over, after a seed, is endless",
      { generation: 1, tokenSet: tokenSet({ expiresAt: now - 1 }), seed: "hash" },
      undefined,
    ],
  ])("%s", (_, record, ttl) => {
    expect(timeToLive(record, now)).toBe(ttl);
  });
});

describe("the mark of a record", () => {
  it("is the same for two records exactly when they have one lineage, one generation and one need of a login, and shows nothing else", () => {
    const record = fc.record({
      lineage: fc.constantFrom(undefined, "a", "b", "a.1"),
      generation: fc.nat(12),
      loginRequired: fc.constantFrom(undefined, { error: "canary" }),
    }) as fc.Arbitrary<SubjectRecord>;
    fc.assert(
      fc.property(record, record, (one, other) => {
        const isSame =
          one.lineage === other.lineage &&
          one.generation === other.generation &&
          (one.loginRequired === undefined) === (other.loginRequired === undefined);
        expect(markOf(one) === markOf(other)).toBe(isSame);
        expect(isOfLogin(markOf(one), other)).toBe(one.lineage === other.lineage);
        expect(markOf(one)).not.toContain("canary");
      }),
      { numRuns: 500 },
    );
  });
});
