import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenPool } from "../src/cache/token-pool.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { FaultyStore } from "./faulty-store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: FaultyStore;
let kept: Outcome<unknown>[];
const keepAlive = (work: Promise<unknown>): void => void kept.push(new Outcome(work));
const states = (): string[] => kept.map(({ state }) => state);

const cache = (given: (work: Promise<unknown>) => void = keepAlive): SetUp => setUp({ clock, store, key: "alice", keepAlive: given });

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = new FaultyStore();
  kept = [];
});

describe("a platform's keepAlive", () => {
  it("is given a refresh in the moment in which it is started, and it settles when everybody was answered", async () => {
    const { tokens, hand } = cache();
    await tokens.save(response("1"));
    clock.skip(3_300_000);
    expect(kept).toEqual([]);
    tokens.peek();
    // Before anything else runs: `waitUntil` works in the request only.
    expect(states()).toEqual(["pending"]);
    await settle();
    hand.last.give(response("2"));
    await settle();
    expect(states().every((state) => state === "resolved")).toBe(true);
    expect(tokens.peek()?.accessToken).toBe("access-2");
  });

  it("is given each refresh once, however many wait for it", async () => {
    const { tokens, hand } = cache();
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    expect(kept).toHaveLength(1);
    await settle();
    hand.last.give(response("1"));
    await settle();
    expect(callers.every(({ state }) => state === "resolved")).toBe(true);
    // The refresh, and the write of its result.
    expect(states()).toEqual(["resolved", "resolved"]);
  });

  it("is given the write that goes on when everybody has their token", async () => {
    const { tokens, hand } = cache();
    const caller = new Outcome(tokens.get());
    await settle();
    store.writes = "fails";
    hand.last.give(response("1"));
    await clock.advance(10_000);
    expect([caller.value?.accessToken, ...states()]).toEqual(["access-1", "resolved", "pending"]);
    store.writes = "none";
    await clock.advance(5000);
    expect(states()).toEqual(["resolved", "resolved"]);
  });

  it("is given the write of a token set that came after its timeout", async () => {
    const { tokens, hand } = cache();
    void tokens.get().catch(() => {});
    await clock.advance(10_000);
    const before = kept.length;
    store.writes = "fails";
    hand.last.give(response("late"));
    await clock.advance(1000);
    expect(states().slice(before)).toEqual(["pending"]);
    store.writes = "none";
    await clock.advance(5000);
    expect(states().slice(before)).toEqual(["resolved"]);
  });

  it("is given promises that never reject, and that show nothing", async () => {
    const { tokens, hand } = cache();
    const caller = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    expect([caller.code, ...states()]).toEqual(["ERR_LOGIN_REQUIRED", "resolved"]);
    expect(JSON.stringify(kept)).not.toMatch(/access-|refresh-/);
  });

  it.each<[string, (work: Promise<unknown>) => unknown]>([
    [
      "throws",
      () => {
        throw new Error("The response was sent already.");
      },
    ],
    ["rejects", () => Promise.reject(new Error("The response was sent already."))],
    ["has no time", () => new Promise(() => {})],
  ])("that %s disturbs nobody", async (_, broken) => {
    const { tokens, hand } = cache(broken as (work: Promise<unknown>) => void);
    const caller = new Outcome(tokens.get());
    await settle();
    hand.last.give(response("1"));
    await settle();
    expect(caller.value?.accessToken).toBe("access-1");
  });

  it("of a pool is given the work of all its caches", async () => {
    const pool = createTokenPool({ clock, keepAlive, source: (key) => async () => response(key) });
    await Promise.all(["a", "b", "c"].map((key) => pool.for(key).get()));
    expect(states().length).toBeGreaterThanOrEqual(3);
    expect(states().every((state) => state === "resolved")).toBe(true);
  });

  it("is given the look of a refresh too, which a request may leave behind", async () => {
    const { tokens } = cache();
    await tokens.save(response("1"));
    await clock.advance(30_000);
    tokens.peek();
    expect(states()).toEqual(["pending"]);
    await settle();
    expect(states()).toEqual(["resolved"]);
  });
});
