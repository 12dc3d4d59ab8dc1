import { describe, expect, it } from "vitest";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { NewTokenTrust } from "../src/cache/new-token-refusals.ts";
import { TestClock } from "./test-clock.ts";

const named = (name: string): TokenSet => readTokenResponse({ access_token: name }, 0);

describe("trust in new tokens", () => {
  it("is there at first", () => {
    expect(new NewTokenTrust(new TestClock()).withholds(named("a"))).toBe(false);
  });

  it("is withheld for a second from a brand-new token that was refused, and from no other", () => {
    const clock = new TestClock();
    const trust = new NewTokenTrust(clock);
    const refused = named("a");
    expect(trust.report(refused, false)).toBe(1000);
    clock.skip(999);
    expect([trust.withholds(refused), trust.withholds(named("b"))]).toEqual([true, false]);
    clock.skip(1);
    expect(trust.withholds(refused)).toBe(false);
  });

  it("is withheld once for a thousand replays with one token, however late they end", () => {
    const clock = new TestClock();
    const trust = new NewTokenTrust(clock);
    const refused = named("a");
    const pauses = Array.from({ length: 1000 }, () => {
      clock.skip(5);
      return trust.report(refused, false);
    });
    expect(pauses.filter((pause) => pause !== undefined)).toEqual([1000]);
    expect(trust.withholds(refused)).toBe(false);
  });

  it("is withheld for longer from token to token, a minute at most", () => {
    const trust = new NewTokenTrust(new TestClock());
    const pauses = Array.from({ length: 9 }, (_, index) => trust.report(named(String(index)), false));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    for (let index = 0; index < 2000; index += 1) trust.report(named(`more ${index}`.replace(" ", "-")), false);
    expect(trust.report(named("last"), false)).toBe(60_000);
  });

  it("is withheld for longer when the same token is given again as a new one", () => {
    const trust = new NewTokenTrust(new TestClock());
    expect([named("a"), named("a"), named("a")].map((tokens) => trust.report(tokens, false))).toEqual([1000, 2000, 4000]);
  });

  it("is back as soon as one is accepted", () => {
    const trust = new NewTokenTrust(new TestClock());
    trust.report(named("a"), false);
    trust.report(named("b"), false);
    expect(trust.report(named("c"), true)).toBeUndefined();
    expect(trust.withholds(named("b"))).toBe(false);
    expect(trust.report(named("d"), false)).toBe(1000);
  });
});
