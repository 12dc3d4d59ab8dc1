import { describe, expect, it } from "vitest";
import { TokenSet } from "../src/tokens/token-set.ts";
import { canDoWithoutStore, mayEndSession, spends } from "../src/tokens/spending.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";

const source = (traits: Partial<TokenSource>): TokenSource => Object.assign(async () => ({ access_token: "a" }), traits);
const tokenSet = (refreshToken?: string): TokenSet => new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0, refreshToken });
const [withRefreshToken, without] = [tokenSet("r"), tokenSet()];

describe("a token source may be asked while the store is away", () => {
  it.each<[string, Partial<TokenSource>, { nothing: boolean; without: boolean; withRefreshToken: boolean }]>([
    ["that says nothing", {}, { nothing: false, without: true, withRefreshToken: false }],
    ["that spends", { spendsRefreshToken: true }, { nothing: false, without: false, withRefreshToken: false }],
    ["that does not", { spendsRefreshToken: false }, { nothing: true, without: true, withRefreshToken: true }],
    [
      "that does not and needs nobody",
      { spendsRefreshToken: false, requiresLogin: false },
      { nothing: true, without: true, withRefreshToken: true },
    ],
    [
      "that does not and needs a login",
      { spendsRefreshToken: false, requiresLogin: true },
      { nothing: false, without: false, withRefreshToken: true },
    ],
    ["that says only that it needs nobody", { requiresLogin: false }, { nothing: false, without: true, withRefreshToken: false }],
  ])("when it is one %s", (_, traits, expected) => {
    const may = (previous?: TokenSet): boolean => canDoWithoutStore(source(traits), previous);
    expect({ nothing: may(), without: may(without), withRefreshToken: may(withRefreshToken) }).toEqual(expected);
  });
});

describe("a token source uses a refresh token up", () => {
  it("when there is one, unless it says that it does not", () => {
    expect([spends(source({}), withRefreshToken), spends(source({ spendsRefreshToken: true }), withRefreshToken)]).toEqual([true, true]);
    expect([spends(source({}), without), spends(source({}), undefined)]).toEqual([false, false]);
    expect(spends(source({ spendsRefreshToken: false }), withRefreshToken)).toBe(false);
  });

  it("and a second use may end the session, unless there is a time of grace", () => {
    expect(mayEndSession(source({}), withRefreshToken)).toBe(true);
    for (const refreshTokenGrace of [0, -1, Number.NaN]) expect(mayEndSession(source({ refreshTokenGrace }), withRefreshToken)).toBe(true);
    expect(mayEndSession(source({ refreshTokenGrace: 30 }), withRefreshToken)).toBe(false);
    expect(mayEndSession(source({}), without)).toBe(false);
  });
});
