import { beforeEach, describe, expect, it } from "vitest";
import { CurrentTokenSet } from "../src/cache/current-token-set.ts";
import { createFreshness } from "../src/tokens/freshness.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { TestClock } from "./test-clock.ts";

let clock: TestClock;
let current: CurrentTokenSet;

const named = (name: string, expires_in = 3600): TokenSet => readTokenResponse({ access_token: name, expires_in }, clock.now());
const state = (): string => (clock.now() < current.refreshAt ? "fresh" : clock.now() < current.usableUntil ? "usable" : "over");

beforeEach(() => {
  clock = new TestClock();
  current = new CurrentTokenSet({ freshness: createFreshness({}, clock), clock });
});

describe("the tokens of a cache", () => {
  it("are over while there are none", () => {
    expect([state(), current.tokenSet]).toEqual(["over", undefined]);
  });

  it("are fresh, then usable, then over", () => {
    current.take({ generation: 1, tokenSet: named("a") });
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
    current.take({ generation: 2, tokenSet: named("newer") });
    const promise = current.asPromise(named("newer"));
    current.take({ generation: 2, tokenSet: named("equal") });
    current.take({ generation: 1, tokenSet: named("older") });
    expect(current.tokenSet?.accessToken).toBe("newer");
    expect(current.asPromise(named("newer"))).toBe(promise);
    const newest = named("newest");
    current.take({ generation: 3, tokenSet: newest });
    expect(await current.asPromise(newest)).toBe(newest);
  });

  it("give way to others of the same generation only when those stand in the store, and not after a logout", () => {
    current.take({ generation: 2, tokenSet: named("mine", 60) });
    clock.skip(60_000);
    const theirs = named("theirs");
    current.take({ generation: 2, tokenSet: theirs });
    expect([state(), current.tokenSet?.accessToken]).toEqual(["over", "mine"]);
    current.take({ generation: 2, tokenSet: theirs }, true);
    expect([state(), current.tokenSet]).toEqual(["fresh", theirs]);
    current.take({ generation: 2, tokenSet: named("theirs", 10) }, true);
    expect(current.tokenSet).toBe(theirs);
    current.take({ generation: 1, tokenSet: named("older") }, true);
    expect(current.tokenSet).toBe(theirs);
    current.take({ generation: 3, tokenSet: undefined });
    current.take({ generation: 3, tokenSet: theirs }, true);
    expect([state(), current.tokenSet]).toEqual(["over", undefined]);
  });

  it("are gone after a record without any", () => {
    current.take({ generation: 1, tokenSet: named("a") });
    current.take({ generation: 2 });
    expect([state(), current.tokenSet, current.generation]).toEqual(["over", undefined, 2]);
  });

  it("are not sent while they are held back, and again after that, until their hard expiry", () => {
    current.take({ generation: 1, tokenSet: named("a") });
    current.withhold();
    expect([state(), current.tokenSet?.accessToken]).toEqual(["over", "a"]);
    current.release();
    expect(state()).toBe("usable");
    clock.skip(3_570_000);
    expect(state()).toBe("over");
  });

  it("that are held back stay so until they are released or replaced", () => {
    current.take({ generation: 1, tokenSet: named("a") });
    current.withhold();
    current.postponeRefresh(5000);
    expect(state()).toBe("over");
    current.take({ generation: 2, tokenSet: named("b") });
    expect(state()).toBe("fresh");
  });

  it("are fresh again for a second at least when their refresh is put off, and never beyond their hard expiry", () => {
    current.take({ generation: 1, tokenSet: named("a") });
    clock.skip(3_400_000);
    current.postponeRefresh(0);
    clock.skip(999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("usable");
    current.postponeRefresh(1e9);
    clock.skip(168_999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("over");
  });

  it("that come with their soft expiry behind them are asked for again when half of what is left is over", () => {
    const tokenSet = named("a");
    clock.skip(3_370_000);
    current.take({ generation: 1, tokenSet });
    clock.skip(99_999);
    expect(state()).toBe("fresh");
    clock.skip(1);
    expect(state()).toBe("usable");
  });

  it("that come when they are over stay over", () => {
    const tokenSet = named("a", 0);
    current.take({ generation: 1, tokenSet });
    expect(state()).toBe("over");
  });
});
