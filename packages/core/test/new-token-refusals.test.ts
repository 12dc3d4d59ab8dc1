import { describe, expect, it } from "vitest";
import { NewTokenRefusals } from "../src/cache/new-token-refusals.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { TestClock } from "./test-clock.ts";

const named = (name: string): TokenSet => readTokenResponse({ access_token: name }, 0);

describe("refresh after the refusal of a new token", () => {
  it("is not paused at first", () => {
    expect(new NewTokenRefusals(new TestClock()).isPaused(named("a"))).toBe(false);
  });

  it("is paused for a second, for this token and no other", () => {
    const clock = new TestClock();
    const refusals = new NewTokenRefusals(clock);
    const refused = named("a");
    expect(refusals.report(refused, false)).toBe(1000);
    clock.skip(999);
    expect([refusals.isPaused(refused), refusals.isPaused(named("b"))]).toEqual([true, false]);
    clock.skip(1);
    expect(refusals.isPaused(refused)).toBe(false);
  });

  it("is paused once for a thousand replays with one token, however late they end", () => {
    const clock = new TestClock();
    const refusals = new NewTokenRefusals(clock);
    const refused = named("a");
    const pauses = Array.from({ length: 1000 }, () => {
      clock.skip(5);
      return refusals.report(refused, false);
    });
    expect(pauses.filter((pause) => pause !== undefined)).toEqual([1000]);
    expect(refusals.isPaused(refused)).toBe(false);
  });

  it("is paused for longer from token to token, a minute at most", () => {
    const refusals = new NewTokenRefusals(new TestClock());
    const pauses = Array.from({ length: 9 }, (_, index) => refusals.report(named(String(index)), false));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    for (let index = 0; index < 2000; index += 1) refusals.report(named(`more ${index}`.replace(" ", "-")), false);
    expect(refusals.report(named("last"), false)).toBe(60_000);
  });

  it("is paused for longer when the same token is given again as a new one", () => {
    const refusals = new NewTokenRefusals(new TestClock());
    expect([named("a"), named("a"), named("a")].map((tokens) => refusals.report(tokens, false))).toEqual([1000, 2000, 4000]);
  });

  it("is not paused any more as soon as a token is accepted", () => {
    const refusals = new NewTokenRefusals(new TestClock());
    refusals.report(named("a"), false);
    refusals.report(named("b"), false);
    expect(refusals.report(named("c"), true)).toBeUndefined();
    expect(refusals.isPaused(named("b"))).toBe(false);
    expect(refusals.report(named("d"), false)).toBe(1000);
  });
});
