import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { createRounds } from "../src/refresh/cell.ts";
import { limitsFor } from "../src/refresh/limits.ts";
import { writeResult } from "../src/refresh/results.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import { cellIn } from "./cell-in.ts";
import { FaultyStore } from "./faulty-store.ts";
import "./fixed-seed.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { partsOf } from "./parts.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

describe("the rounds of a loop that another writer is faster in", () => {
  it("follow each other at once at first, then after pauses that grow to a tenth of a second, and end in a StoreError", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (chance) => {
        const clock = new TestClock();
        clock.chance = chance;
        const anotherRound = createRounds(clock, limitsFor(10_000, 1000));
        const pauses: number[] = [];
        for (let round = 1; round < 30; round += 1) {
          const begun = clock.monotonic();
          const done = new Outcome(anotherRound());
          for (let timers = 0; timers < 2 && done.state === "pending"; timers += 1) {
            await Promise.resolve();
            if (clock.timers > 0) clock.fireNext();
            await new Promise(setImmediate);
          }
          expect(done.state).toBe("resolved");
          pauses.push(clock.monotonic() - begun);
        }
        expect(pauses.slice(0, 4)).toEqual([0, 0, 0, 0]);
        for (const [index, pause] of pauses.slice(4).entries()) {
          const most = Math.min(2 ** (index + 1), 100);
          expect(pause).toBeGreaterThanOrEqual(most / 2);
          expect(pause).toBeLessThanOrEqual(most);
        }
        await expect(anotherRound()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
      }),
      { numRuns: 20 },
    );
  });
});

describe("a store that refuses every write, and tells of no other writer", () => {
  let clock: TestClock;
  let store: FaultyStore;
  let all: SetUp;

  beforeEach(() => {
    clock = new TestClock();
    store = new FaultyStore();
    store.writes = "loses";
    all = setUp({ clock, store, key: "alice" });
  });

  it.each<[string, (all: SetUp) => Promise<unknown>]>([
    ["get", ({ tokens }) => tokens.get()],
    ["save", ({ tokens }) => tokens.save(response("1"))],
    ["forget", ({ tokens }) => tokens.forget()],
  ])("ends %s within three seconds with a StoreError, and lets timers run in between", async (_, call) => {
    const outcome = new Outcome(call(all));
    let passed = 0;
    for (; outcome.state === "pending" && passed < 3000; passed += 50) {
      const before = store.asked;
      await clock.advance(50);
      // A real timer's turn comes after so many operations at most.
      expect(store.asked - before).toBeLessThanOrEqual(24);
    }
    expect(outcome.reason).toBeInstanceOf(StoreError);
    expect([store.asked, all.hand.calls.length, clock.timers]).toEqual([60, 0, 0]);
  });

  it("ends the write of a result as well", async () => {
    const cell = cellIn(store, clock);
    const next = { generation: 1, tokenSet: readTokenResponse({ access_token: "a" }, 0) };
    const written = new Outcome(writeResult(partsOf(clock, { cell }), await cell.read(), next));
    await clock.advance(3000);
    expect([written.code, clock.timers]).toEqual(["ERR_STORE_UNAVAILABLE", 0]);
  });

  it("gives the token of a source that was asked already to those who wait, and tells of the trouble", async () => {
    store.writes = "none";
    const outcome = new Outcome(all.tokens.get());
    await clock.advance(0);
    store.writes = "loses";
    all.hand.last.give(response("1"));
    await clock.advance(3000);
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(all.events).toMatchObject([
      { type: "refresh-started" },
      { type: "store-trouble", operation: "write" },
      { type: "token-obtained" },
    ]);
    expect(clock.timers).toBe(0);
  });

  it("starves nothing: real timers run in between", async () => {
    let ran = 0;
    const timer = setInterval(() => (ran += 1), 1);
    const answer = async (): Promise<undefined> => {
      if (ran > 5) throw new Error("The test has seen enough.");
    };
    const refusing: TokenStore = { read: answer, compareAndSet: answer };
    const tokens = createTokenCache({ store: refusing, identity: "test", key: "alice", source: async () => ({ access_token: "a" }) });
    const calls = [tokens.get(), tokens.save(response("1")), tokens.forget()];
    for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[])
      expect([status, reason]).toEqual(["rejected", expect.any(StoreError)]);
    clearInterval(timer);
    expect(ran).toBeGreaterThan(5);
  });
});

describe("a store with very many writers", () => {
  it("lets every login succeed, however many caches write at one time", async () => {
    const clock = new RandomClock();
    const shared = memoryStore();
    const caches = Array.from({ length: 250 }, () => setUp({ clock, store: shared, key: "alice" }).tokens);
    const logins = caches.map((tokens, index) => new Outcome(tokens.save(response(String(index)))));
    for (let steps = 0; logins.some(({ state }) => state === "pending") && steps < 1000; steps += 1) await clock.advance(10);
    expect(logins.filter(({ state }) => state !== "resolved").map(({ code }) => code)).toEqual([]);
  });
});
