import { beforeEach, describe, expect, it } from "vitest";
import { CurrentTokenSet } from "../src/cache/current-token-set.ts";
import { createFreshness } from "../src/tokens/freshness.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { TestClock } from "./test-clock.ts";

let clock: TestClock;
let current: CurrentTokenSet;

const named = (name: string): TokenSet => readTokenResponse({ access_token: name, expires_in: 3600 }, clock.now());
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

  it("are replaced by whatever others the record has, and stay what they are when it has the same", async () => {
    const first = named("a");
    expect(current.take({ generation: 2, tokenSet: first })).toBe(true);
    const promise = current.asPromise(first);
    expect(current.take({ generation: 2, tokenSet: named("a"), intent: { owner: "other", deadline: 5 } })).toBe(false);
    expect([current.tokenSet, current.asPromise(first), current.record.intent?.owner]).toEqual([first, promise, "other"]);
    for (const [record, name] of [
      [{ generation: 3 }, "newer"],
      [{ generation: 3 }, "as-old"],
      [{ generation: 1, lineage: "other" }, "another-login"],
    ] as const) {
      const next = named(name);
      expect(current.take({ ...record, tokenSet: next })).toBe(true);
      expect([state(), await current.asPromise(next)]).toEqual(["fresh", next]);
    }
  });

  it("are gone after a record without any", () => {
    current.take({ generation: 1, tokenSet: named("a") });
    expect(current.take({ generation: 2 })).toBe(true);
    expect([state(), current.tokenSet, current.record.generation]).toEqual(["over", undefined, 2]);
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
    const tokenSet = named("a");
    clock.skip(3_600_000);
    current.take({ generation: 1, tokenSet });
    expect(state()).toBe("over");
  });

  it("are news for a second after they were obtained, here or elsewhere, and not after a login", () => {
    expect(current.isNews).toBe(false);
    current.take({ lineage: "one", generation: 1, tokenSet: named("a") });
    current.obtained(clock.monotonic());
    clock.skip(999);
    expect(current.isNews).toBe(true);
    clock.skip(1);
    expect(current.isNews).toBe(false);
    // Another process has refreshed it.
    const elsewhere = named("b");
    clock.skip(600);
    current.take({ lineage: "one", generation: 2, tokenSet: elsewhere });
    clock.skip(399);
    expect(current.isNews).toBe(true);
    clock.skip(1);
    expect(current.isNews).toBe(false);
    // Somebody has logged in, there or here.
    current.take({ lineage: "two", generation: 3, tokenSet: named("login") });
    expect(current.isNews).toBe(false);
    current.take({ lineage: "two", generation: 4, tokenSet: named("c") });
    expect(current.isNews).toBe(true);
    current.obtained(undefined);
    expect(current.isNews).toBe(false);
  });

  it("of a machine whose clock is far off are no news", () => {
    for (const [index, off] of [-3_600_000, 3_600_000, 1000, -1000].entries()) {
      const tokenSet = readTokenResponse({ access_token: String(off), expires_in: 3600 }, clock.now() + off);
      current.take({ lineage: "one", generation: index + 1, tokenSet });
      expect(current.isNews).toBe(false);
    }
    current.take({ lineage: "one", generation: 9 });
    expect(current.isNews).toBe(false);
  });
});
