import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let trouble: "none" | "fails" | "stalls";
let reads: number;
let hint: () => void;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  trouble = "none";
  reads = 0;
  hint = () => {};
});

function storeOf(kind: "with hints" | "without hints"): TokenStore {
  const stored = memoryStore();
  return {
    async read(...read) {
      reads += 1;
      if (trouble === "stalls") return new Promise(() => {});
      if (trouble === "fails") throw new Error("away");
      return stored.read(...read);
    },
    compareAndSet: stored.compareAndSet,
    ...(kind === "with hints" && {
      watchAll: (changed) => {
        hint = () => changed();
        return () => {};
      },
    }),
  };
}

const troubles = (all: SetUp): number => all.events.filter(({ type }) => type === "store-trouble").length;

describe.each(["fails", "stalls"] as const)("a source that uses nothing up, while its store is away (it %s)", (how) => {
  async function fresh(kind: "with hints" | "without hints"): Promise<SetUp> {
    const hand = new HandSource({ spendsRefreshToken: false });
    const all = setUp({ clock, store: storeOf(kind), key: "service", hand });
    const first = all.tokens.get();
    await settle();
    hand.last.give({ access_token: "access-1", expires_in: 3600 });
    await first;
    trouble = how;
    reads = 0;
    return all;
  }

  it("goes on from memory for a second at a time after a hint that any entry may have changed", async () => {
    const all = await fresh("with hints");
    hint();
    for (let seconds = 1; seconds <= 5; seconds += 1) {
      // One request finds that the store is away.
      const finder = new Outcome(all.tokens.get());
      await clock.advance(how === "stalls" ? 1000 : 0);
      expect([finder.value?.accessToken, reads, troubles(all)]).toEqual(["access-1", seconds, seconds]);
      for (let uses = 0; uses < 99; uses += 1) {
        expect(all.tokens.peek()?.accessToken).toBe("access-1");
        expect((await all.tokens.get()).accessToken).toBe("access-1");
        await clock.advance(10);
      }
      expect([reads, troubles(all)]).toEqual([seconds, seconds]);
      await clock.advance(10);
    }
    expect(all.hand.calls).toHaveLength(1);
  });

  it("looks once a second after 30 s of use without hints, behind the requests, and tells of it as often", async () => {
    const all = await fresh("without hints");
    await clock.advance(30_000);
    for (let uses = 0; uses < 1000; uses += 1) {
      expect(all.tokens.peek()?.accessToken).toBe("access-1");
      expect((await all.tokens.get()).accessToken).toBe("access-1");
      await clock.advance(10);
    }
    expect(reads).toBeGreaterThanOrEqual(5);
    expect(reads).toBeLessThanOrEqual(11);
    expect(troubles(all)).toBeLessThanOrEqual(reads);
    expect(all.hand.calls).toHaveLength(1);
  });

  it("finds what has changed within a second once the store is back", async () => {
    const all = await fresh("with hints");
    hint();
    const finder = new Outcome(all.tokens.get());
    await clock.advance(1000);
    expect(finder.state).toBe("resolved");
    trouble = "none";
    await clock.advance(1000);
    reads = 0;
    expect((await all.tokens.get()).accessToken).toBe("access-1");
    await clock.advance(60_000);
    for (let uses = 0; uses < 10; uses += 1) expect(all.tokens.peek()?.accessToken).toBe("access-1");
    expect([reads, all.hand.calls.length]).toEqual([1, 1]);
  });
});
