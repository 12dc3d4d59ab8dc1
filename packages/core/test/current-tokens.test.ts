import { beforeEach, describe, expect, it } from "vitest";
import { CurrentTokens } from "../src/cache/current-token-set.ts";
import { createFreshness } from "../src/tokens/freshness.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { TestClock } from "./test-clock.ts";

let clock: TestClock;
let current: CurrentTokens;

const named = (name: string, expires_in = 3600): TokenSet => readTokenResponse({ access_token: name, expires_in }, clock.now());
const state = (): string => (current.isFresh(clock.now()) ? "fresh" : current.isUsable(clock.now()) ? "usable" : "over");

beforeEach(() => {
  clock = new TestClock();
  current = new CurrentTokens({ freshness: createFreshness({}, clock), clock });
});

describe("the tokens of a cache", () => {
  it("are over while there are none", () => {
    expect([state(), current.tokens]).toEqual(["over", undefined]);
  });

  it("are fresh, then usable, then over", () => {
    current.take({ generation: 1, tokens: named("a") });
    clock.skip(3_299_999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("usable");
    clock.skip(269_999);
    expect(state()).toBe("usable");
    clock.skip(1);
    expect(state()).toBe("over");
  });

  it("are replaced by newer ones only", async () => {
    current.take({ generation: 2, tokens: named("newer") });
    const promise = current.promise(named("newer"));
    current.take({ generation: 2, tokens: named("equal") });
    current.take({ generation: 1, tokens: named("older") });
    expect(current.tokens?.accessToken).toBe("newer");
    expect(current.promise(named("newer"))).toBe(promise);
    const newest = named("newest");
    current.take({ generation: 3, tokens: newest });
    expect(await current.promise(newest)).toBe(newest);
  });

  it("give way to others of the same generation only when those stand in the store, and not after a logout", () => {
    current.take({ generation: 2, tokens: named("mine", 60) });
    clock.skip(60_000);
    const theirs = named("theirs");
    current.take({ generation: 2, tokens: theirs });
    expect([state(), current.tokens?.accessToken]).toEqual(["over", "mine"]);
    current.take({ generation: 2, tokens: theirs }, true);
    expect([state(), current.tokens]).toEqual(["fresh", theirs]);
    current.take({ generation: 2, tokens: named("theirs", 10) }, true);
    expect(current.tokens).toBe(theirs);
    current.take({ generation: 1, tokens: named("older") }, true);
    expect(current.tokens).toBe(theirs);
    current.take({ generation: 3, tokens: undefined });
    current.take({ generation: 3, tokens: theirs }, true);
    expect([state(), current.tokens]).toEqual(["over", undefined]);
  });

  it("are gone after a record without any", () => {
    current.take({ generation: 1, tokens: named("a") });
    current.take({ generation: 2 });
    expect([state(), current.tokens, current.generation]).toEqual(["over", undefined, 2]);
  });

  it("are not sent while they are held back, and again after that, until their hard expiry", () => {
    current.take({ generation: 1, tokens: named("a") });
    current.holdBack();
    expect([state(), current.tokens?.accessToken]).toEqual(["over", "a"]);
    current.release();
    expect(state()).toBe("usable");
    clock.skip(3_570_000);
    expect(state()).toBe("over");
  });

  it("that are held back stay so until they are released or replaced", () => {
    current.take({ generation: 1, tokens: named("a") });
    current.holdBack();
    current.putOff(5000);
    expect(state()).toBe("over");
    current.take({ generation: 2, tokens: named("b") });
    expect(state()).toBe("fresh");
  });

  it("are fresh again for a second at least when their refresh is put off, and never beyond their hard expiry", () => {
    current.take({ generation: 1, tokens: named("a") });
    clock.skip(3_400_000);
    current.putOff(0);
    clock.skip(999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("usable");
    current.putOff(1e9);
    clock.skip(168_999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("over");
  });

  it("that come with their soft expiry behind them are asked for again when half of what is left is over", () => {
    const tokens = named("a");
    clock.skip(3_370_000);
    current.take({ generation: 1, tokens });
    clock.skip(99_999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("usable");
  });

  it("that come when they are over stay over", () => {
    const tokens = named("a", 0);
    current.take({ generation: 1, tokens });
    expect(state()).toBe("over");
  });
});
