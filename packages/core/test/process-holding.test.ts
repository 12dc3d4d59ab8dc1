import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { FaultyStore } from "./faulty-store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: FaultyStore;
let all: SetUp;

beforeAll(hashAtOnce);
beforeEach(async () => {
  clock = new TestClock();
  store = new FaultyStore();
  all = setUp({ clock, store, key: "alice" });
  await all.tokens.save(response("1"));
});

/** Starts a refresh ahead, for which nobody waits. */
async function refreshAhead(): Promise<void> {
  clock.skip(3_300_000);
  expect(all.tokens.peek()).toBeDefined();
  await settle();
}

describe("a process that has nothing to do", () => {
  it("is not held by a cache, not by its store, and not by a pause", async () => {
    expect(clock.isHeld).toBe(false);
    await refreshAhead();
    all.hand.last.fail(new Error("no"));
    await settle();
    expect(clock.isHeld).toBe(false);
  });

  it("is not held by a caller who has given up, and not by one who was answered", async () => {
    clock.skip(3_600_000);
    const controller = new AbortController();
    store.reads = "stalls";
    const gone = new Outcome(all.tokens.get({ signal: controller.signal }));
    await settle();
    expect(clock.isHeld).toBe(true);
    controller.abort();
    await settle();
    expect([gone.state, clock.isHeld]).toEqual(["rejected", false]);
  });

  it.each<[string, (index: number) => AbortController | undefined, boolean]>([
    ["a signal each", () => new AbortController(), false],
    [
      "one signal",
      (
        (one) => () =>
          one
      )(new AbortController()),
      false,
    ],
    ["none", () => undefined, true],
    ["none but for the last", (index) => (index === 99 ? undefined : new AbortController()), true],
  ])("is held by a crowd in one turn with one timer, until the last one leaves: %s", async (_, controllerOf, isHeldOn) => {
    clock.skip(3_600_000);
    store.reads = "stalls";
    const first = new AbortController();
    const starter = new Outcome(all.tokens.get({ signal: first.signal }));
    await settle();
    const before = clock.timers;
    const controllers = Array.from({ length: 100 }, (__, index) => controllerOf(index));
    const crowd = controllers.map((controller) => new Outcome(all.tokens.get({ signal: controller?.signal })));
    await settle();
    expect(clock.timers).toBe(before + 1);
    for (const controller of [first, ...controllers]) controller?.abort("enough");
    await settle();
    const stay = controllers.filter((controller) => controller === undefined).length;
    expect([starter.state, crowd.filter(({ reason }) => reason === "enough").length]).toEqual(["rejected", 100 - stay]);
    expect(clock.isHeld).toBe(isHeldOn);
  });

  it("is not held by a background refresh that waits for another owner: nothing of it would be lost", async () => {
    await store.put({ ...(await store.record()), intent: { owner: "other", deadline: 15_000 } });
    const other = setUp({ clock, store, key: "alice" });
    await other.tokens.reread();
    clock.skip(3_300_000);
    expect(other.tokens.peek()).toBeDefined();
    await clock.advance(1000);
    expect([clock.timers > 0, clock.isHeld]).toEqual([true, false]);
  });
});

describe("a process is held", () => {
  it("by a background refresh from before its intent is written until its result is stored", async () => {
    store.nextWrites.push("stalls");
    await refreshAhead();
    expect(clock.isHeld).toBe(true);
    await clock.advance(1000);
    expect(clock.isHeld).toBe(false);

    await clock.advance(60_000);
    all.tokens.peek();
    await settle();
    expect([all.hand.calls.length, clock.isHeld]).toEqual([1, true]);
    store.writes = "fails";
    all.hand.last.give(response("2"));
    await clock.advance(5000);
    expect(clock.isHeld).toBe(true);
    store.writes = "none";
    await clock.advance(5000);
    expect([clock.isHeld, clock.timers]).toEqual([false, 0]);
  });

  it("no longer than 2.75 timeouts of a request by a result that the store does not take, while its writes go on", async () => {
    await refreshAhead();
    store.writes = "fails";
    all.hand.last.give(response("2"));
    await clock.advance(27_499);
    expect(clock.isHeld).toBe(true);
    await clock.advance(1);
    expect([clock.isHeld, clock.timers > 0]).toEqual([false, true]);
    store.writes = "none";
    await clock.advance(5000);
    expect(await store.record()).toMatchObject({ tokens: { access_token: "access-2" } });
  });

  it("by a background refresh until the note of its failure is stored", async () => {
    await refreshAhead();
    store.writes = "stalls";
    all.hand.last.fail(new Error("no"));
    await settle();
    expect(clock.isHeld).toBe(true);
    await clock.advance(1000);
    expect(clock.isHeld).toBe(false);
  });

  it.each(["save", "forget"] as const)("by %s until the store has it", async (what) => {
    store.writes = "stalls";
    const call = new Outcome<unknown>(what === "save" ? all.tokens.save(response("2")) : all.tokens.forget());
    await settle();
    expect(clock.isHeld).toBe(true);
    await clock.advance(1000);
    expect([call.state, clock.isHeld, clock.timers]).toEqual(["rejected", false, 0]);
  });

  it("by a caller until it has an answer, whatever the refresh waits for", async () => {
    clock.skip(3_600_000);
    const caller = new Outcome(all.tokens.get());
    await settle();
    all.hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 8000 }));
    await clock.advance(7999);
    expect([caller.state, clock.isHeld]).toEqual(["pending", true]);
    await clock.advance(1);
    all.hand.last.give(response("2"));
    await settle();
    expect([caller.state, clock.timers]).toEqual(["resolved", 0]);
  });

  it("by a caller who joins a background refresh that waits for a pause, and by one who waits for a slot", async () => {
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    const busy = setUp({ clock, queue });
    void busy.tokens.get();
    const waiting = setUp({ clock, queue });
    await waiting.tokens.save(response("1"));
    clock.skip(3_300_000);
    waiting.tokens.peek();
    await settle();
    const caller = new Outcome(waiting.tokens.get({ minValidity: 3000 }));
    await settle();
    busy.hand.last.give(response("busy"));
    await settle();
    expect([caller.state, clock.isHeld]).toEqual(["pending", true]);
    waiting.hand.last.give(response("2"));
    await settle();
    expect([caller.state, clock.timers]).toEqual(["resolved", 0]);
  });

  it("for minutes on end by a caller in a long queue, with one timer", async () => {
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    const gate = Promise.withResolvers<void>();
    void queue.run(() => gate.promise, { id: "busy", urgency: "blocking" });
    const waiting = setUp({ clock, queue });
    const caller = new Outcome(waiting.tokens.get());
    for (let seconds = 0; seconds < 600; seconds += 1) {
      await clock.advance(1000);
      expect([caller.state, clock.isHeld, clock.timers]).toEqual(["pending", true, 1]);
    }
    gate.resolve();
    await settle();
    waiting.hand.last.give(response("1"));
    await settle();
    expect([caller.state, clock.timers]).toEqual(["resolved", 0]);
  });
});
