import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { wait } from "../src/clock/waits.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

describe("a store that is slower than a token request may be", () => {
  const clocks = [
    [2, 5, 3500, 300],
    [1, 5, 1300, 300],
    [0.5, 1, 800, 200],
    [1, 5, 4900, 4900],
    [0.1, 10, 9900, 9900],
  ] as const;

  it.each(clocks)(
    "is waited for, with one token request and one transaction: timeouts of %d and %d s, %d ms a read, %d ms a write",
    async (...given) => {
      const [request, store, read, write] = given;
      const clock = new TestClock();
      const stored = memoryStore();
      let reads = 0;
      let isSlow = false;
      const slow: TokenStore = {
        async read(key) {
          reads += 1;
          if (isSlow) await wait(clock, read);
          return stored.read(key);
        },
        async compareAndSet(...args) {
          if (isSlow) await wait(clock, write);
          return stored.compareAndSet(...args);
        },
      };
      let asked = 0;
      const source = async (): Promise<ReturnType<typeof response>> => {
        asked += 1;
        return response(`${asked}`);
      };
      const tokens = createTokenCache({ clock, source, store: slow, identity: "test", key: "alice", timeouts: { request, store } });
      await tokens.save(response("old", { expires_in: 1 }));
      clock.skip(60_000);
      isSlow = true;
      const callers = Array.from({ length: 3 }, () => new Outcome(tokens.get()));
      await clock.advance(read + 2 * write + 1000);
      if (write > request * 500) {
        // An intent that took longer than half a request's timeout is not acted upon: one more round, or an error, and an end.
        await clock.advance(60 * (read + 2 * write));
        expect(callers.map(({ state }) => state)).not.toContain("pending");
        expect(asked).toBeLessThanOrEqual(1);
        return;
      }
      expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-1", "access-1", "access-1"]);
      expect([asked, reads]).toEqual([1, 2]);
    },
  );
});

/** The clock of a runtime that has dropped the timers of everything but the callers' own. */
class CallersOnlyClock extends RandomClock {
  override schedule(callback: () => void, delay: number, ref = false): () => void {
    return ref ? super.schedule(callback, delay, ref) : () => {};
  }
}

describe("refreshes of which nothing more is heard", () => {
  let clock: CallersOnlyClock;
  beforeEach(() => {
    clock = new CallersOnlyClock();
  });

  it("are followed by another a few times, and then by an error of ours", async () => {
    const store = new FaultyStore();
    store.reads = "stalls";
    const { tokens, hand } = setUp({ clock, store, key: "alice" });
    const caller = new Outcome(tokens.get());
    await clock.advance(10 * 14_000);
    expect([caller.state, caller.code]).toEqual(["rejected", "ERR_TOKEN_REQUEST_UNKNOWN"]);
    expect(caller.reason).toMatchObject({ name: "TokenRequestError", outcome: "unknown" });
    expect([store.asked, hand.calls.length]).toEqual([5, 0]);
    // The next caller begins anew.
    store.reads = "none";
    const next = new Outcome(tokens.get());
    await settle();
    hand.last.give(response("1"));
    await settle();
    expect(next.value?.accessToken).toBe("access-1");
  });

  it("are not followed by another once the token is there", async () => {
    const store: MemoryStore = memoryStore();
    let isStalled = false;
    const own: TokenStore = {
      ...store,
      read: (...read) => (isStalled ? new Promise(() => {}) : store.read(...read)),
    };
    const mine = setUp({ clock, store: own, key: "alice" });
    await mine.tokens.save(response("1"));
    clock.skip(3_600_000);
    isStalled = true;
    const caller = new Outcome(mine.tokens.get());
    await clock.advance(5000);
    // Another cache of this process, over the same store object.
    isStalled = false;
    const other = setUp({ clock, store: own, key: "alice" });
    await other.tokens.save(response("2"));
    isStalled = true;
    await clock.advance(10_000);
    expect([caller.value?.accessToken, mine.hand.calls.length]).toEqual(["access-2", 0]);
  });

  it.each(["save", "forget"] as const)("and a login or logout that was dropped keeps no later one waiting for ever: %s", async (what) => {
    const store = new FaultyStore();
    const { tokens } = setUp({ clock, store, key: "alice" });
    await tokens.save(response("1"));
    store.nextWrites.push("stalls");
    void (what === "save" ? tokens.save(response("dropped")) : tokens.forget()).catch(() => {});
    await settle();
    // The request of the later one has its timers.
    const schedule = TestClock.prototype.schedule.bind(clock);
    clock.schedule = schedule;
    const later = new Outcome(tokens.save(response("2")));
    await clock.advance(27_000);
    expect(later.state).toBe("pending");
    await clock.advance(1000);
    expect([later.value?.accessToken, tokens.peek()?.accessToken]).toEqual(["access-2", "access-2"]);
  });
});

describe("a refresh that has announced itself over the intent of a silent owner", () => {
  let clock: RandomClock;
  let store: FaultyStore;
  let taker: SetUp;

  beforeEach(async () => {
    clock = new RandomClock();
    store = new FaultyStore();
    const first = setUp({ clock, store, key: "k" });
    await first.tokens.save(response("1"));
    clock.skip(3_600_000);
    await store.put({ ...(await store.record()), intent: { owner: "gone", deadline: 15_000 } });
    taker = setUp({ clock, store, key: "k", hand: new HandSource(), timeouts: { request: 10, store: 0.05 } });
  });

  it("lives, and is not dropped by those who wait, whenever they look", async () => {
    const callers = [new Outcome(taker.tokens.get())];
    for (let waited = 0; taker.hand.calls.length === 0 && waited < 30_000; waited += 10) {
      await clock.advance(10);
      // Each looks once a second from then on: together they look at every moment.
      if (waited > 15_000 && waited < 16_000) callers.push(new Outcome(taker.tokens.get()));
    }
    const intent = (await store.record())?.["intent"];
    await clock.advance(9980);
    // Nobody else has announced itself over it.
    expect([taker.hand.calls.length, (await store.record())?.["intent"]]).toEqual([1, intent]);
    taker.hand.last.give(response("2"));
    await settle();
    expect(new Set(callers.map(({ value }) => value?.accessToken))).toEqual(new Set(["access-2"]));
    await clock.advance(30_000);
    expect([taker.hand.calls.length, callers.length]).toEqual([1, 100]);
  });
});
