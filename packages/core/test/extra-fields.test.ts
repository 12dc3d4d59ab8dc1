import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError } from "../src/errors/refresh-errors.ts";
import { readTokenResponse, type TokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";

const read = (fields: object, previous?: TokenSet): TokenSet =>
  readTokenResponse({ access_token: "a", ...fields } as TokenResponse, 0, previous);

/** So many fields whose names begin with this letter. */
const fields = (letter: string, count: number, value: unknown = 1): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${letter}${index}`, value]));

it("keeps 64 further fields, and of those that came first in the answer", () => {
  expect(Object.keys(read(fields("f", 64)).extra)).toHaveLength(64);
  expect(Object.keys(read(fields("f", 500)).extra)).toEqual(Object.keys(fields("f", 64)));
});

it("keeps what the last answer said, and of those before it what there is room for", () => {
  const first = read(fields("first", 40));
  const second = read({ ...fields("second", 40), first0: "new" }, first);
  expect(second.extra).toMatchObject({ ...fields("second", 40), first0: "new" });
  expect(Object.keys(second.extra)).toHaveLength(64);
  expect(Object.keys(read(fields("third", 64), second).extra)).toEqual(Object.keys(fields("third", 64)));
});

it("keeps 16 kB, and leaves out the field that is too long, not the ones behind it", () => {
  const { extra } = read({ small: 1, huge: "x".repeat(16_384), large: "x".repeat(16_000), other: "x".repeat(500), last: true });
  expect(Object.keys(extra)).toEqual(["small", "large", "last"]);
});

it("never grows beyond either, however many refreshes there are and whatever they say", () => {
  const answer = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.oneof(fc.jsonValue(), fc.string({ maxLength: 9000 })), {
    maxKeys: 40,
  });
  const standard = new Set(["access_token", "token_type", "expires_in", "expires_at", "issued_at", "scope", "refresh_token", "id_token"]);
  fc.assert(
    fc.property(fc.array(answer, { minLength: 3, maxLength: 12 }), (answers) => {
      let held: TokenSet | undefined;
      for (const answer of answers) {
        held = read(answer, held);
        expect(Object.keys(held.extra).length).toBeLessThanOrEqual(64);
        const kept = Object.entries(held.extra);
        expect(kept.reduce((sum, [name, value]) => sum + name.length + JSON.stringify(value).length, 0)).toBeLessThanOrEqual(16_384);
        // A field that the last answer had has the value of the last answer, or is left out.
        for (const [name, value] of kept) if (Object.hasOwn(answer, name) && !standard.has(name)) expect(value).toBe(answer[name]);
      }
    }),
    { numRuns: 60 },
  );
});

it("keeps none of a dropped field's former values beside the new answer", () => {
  const first = read({ sid: "old" });
  const second = read({ sid: "x".repeat(20_000), more: 1 }, first);
  expect([second.extra["more"], second.extra["sid"]]).toEqual([1, undefined]);
});

describe("a token of more than 262,144 characters, which is more than the token endpoint's reader takes", () => {
  it("is refused as access token", () => {
    expect(() => read({ access_token: "x".repeat(262_144) })).not.toThrow();
    expect(() => read({ access_token: "x".repeat(262_145) })).toThrow(InvalidTokenResponseError);
  });

  it.each(["refresh_token", "id_token"])("is ignored as %s, and the one before stays", (field) => {
    const ignored: string[] = [];
    const tokensOf = (length: number): (string | undefined)[] => {
      const { refreshToken, idToken } = readTokenResponse(
        { access_token: "a", [field]: "x".repeat(length) },
        0,
        read({ refresh_token: "old", id_token: "old" }),
        { ignored: (name) => ignored.push(name) },
      );
      return [refreshToken, idToken];
    };
    expect(tokensOf(262_144)).toContain("x".repeat(262_144));
    expect(ignored).toEqual([]);
    expect(tokensOf(262_145)).toEqual(["old", "old"]);
    expect(ignored).toEqual([field]);
  });
});
