import { describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { callingRefresh, holdsSlot, isCalledFrom, runAsSourceOf, wouldWaitForItself } from "../src/refresh/callers.ts";
import { createImmediateQueue } from "../src/endpoint/immediate-queue.ts";
import type { Refresh } from "../src/refresh/refresh.ts";
import { Outcome } from "./outcome.ts";
import { refreshOf } from "./parts.ts";
import { settle, TestClock } from "./test-clock.ts";

describe("the refresh on whose behalf code runs", () => {
  it("is the one whose source has called it, until that is over", async () => {
    const refresh = refreshOf();
    const later = Promise.withResolvers<void>();
    const seen = runAsSourceOf(refresh, async () => {
      const first = callingRefresh();
      await later.promise;
      return [first, callingRefresh()];
    });
    refresh.isOver = true;
    later.resolve();
    expect(await seen).toEqual([refresh, undefined]);
    expect(callingRefresh()).toBeUndefined();
  });

  it("holds a slot of a queue if it, or one that has set it off, was put there", () => {
    const [queue, other] = [{}, createImmediateQueue(new TestClock())];
    const outer = refreshOf({ queue });
    const inner = refreshOf({ queue: other, caller: outer });
    expect(runAsSourceOf(inner, () => [isCalledFrom(queue), isCalledFrom(other), isCalledFrom({}), holdsSlot()])).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(runAsSourceOf(outer, () => [isCalledFrom(queue), isCalledFrom(other), holdsSlot()])).toEqual([true, false, true]);
    expect(runAsSourceOf(refreshOf({ queue: other }), () => holdsSlot())).toBe(false);
    expect([isCalledFrom(queue), holdsSlot()]).toEqual([false, false]);
    outer.isOver = true;
    expect(runAsSourceOf(outer, () => [isCalledFrom(queue), holdsSlot()])).toEqual([false, false]);
  });

  it("would wait for itself when what it waits for waits for it, over however many in between", () => {
    const chain = Array.from({ length: 50 }, (_, index) => refreshOf({ id: String(index) }));
    for (const [index, refresh] of chain.entries()) {
      const next = chain[index + 1];
      if (next !== undefined) refresh.awaited.set(next, 1);
    }
    const [first, last] = [chain[0] as Refresh, chain.at(-1) as Refresh];
    expect(runAsSourceOf(last, () => wouldWaitForItself(first))).toBe(true);
    expect(runAsSourceOf(first, () => wouldWaitForItself(last))).toBe(false);
    expect(wouldWaitForItself(first)).toBe(false);
    // A ring of others ends the search as well.
    last.awaited.set(chain[10] as Refresh, 1);
    expect(runAsSourceOf(refreshOf(), () => wouldWaitForItself(first))).toBe(false);
  });
});

describe("a source that arranges its next refresh itself", () => {
  it("leaves no chain of callers behind: a refresh that is over has none", async () => {
    const clock = new TestClock();
    const callers: (Refresh | undefined)[] = [];
    let [count, next]: [number, () => void] = [0, () => {}];
    const tokens: TokenCache = createTokenCache({
      clock,
      source: async () => {
        callers.push(callingRefresh());
        count += 1;
        const name = String(count);
        setImmediate(() => {
          clock.skip(1000);
          // It runs on behalf of a refresh that has been answered by then.
          void tokens.get({ minValidity: 9999 }).finally(() => next());
        });
        return { access_token: name, expires_in: 60 };
      },
    });
    void tokens.get();
    for (let rounds = 0; rounds < 100; rounds += 1) {
      await new Promise<void>((resolve) => {
        next = resolve;
      });
    }
    expect(callers.length).toBeGreaterThanOrEqual(100);
    for (const caller of callers.slice(0, -2)) {
      expect(caller?.isOver).toBe(true);
      expect([caller?.caller, caller?.awaited.size]).toEqual([undefined, 0]);
    }
  });

  it("leaves none behind either when its refreshes fail", async () => {
    const clock = new TestClock();
    const seen: (Refresh | undefined)[] = [];
    const inner: TokenCache = createTokenCache({
      clock,
      source: async () => {
        seen.push(callingRefresh());
        throw new Error("no");
      },
    });
    const outer = createTokenCache({
      clock,
      source: async () => {
        seen.push(callingRefresh());
        return inner.get();
      },
    });
    const outcome = new Outcome(outer.get());
    await settle();
    expect(outcome.state).toBe("rejected");
    expect(seen.map((refresh) => [refresh?.isOver, refresh?.caller, refresh?.awaited.size])).toEqual([
      [true, undefined, 0],
      [true, undefined, 0],
    ]);
  });
});
