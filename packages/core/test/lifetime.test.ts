import { beforeEach, describe, expect, it, vi } from "vitest";
import { Lifetime } from "../src/refresh/lifetime.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

const place = { keepOpen: (): void => {} };
let clock: TestClock;
let lifetime: Lifetime;

beforeEach(() => {
  clock = new TestClock();
  lifetime = new Lifetime(clock, 55_000, undefined);
});

describe("work that must not end in the middle", () => {
  it.each(["resolves", "rejects"])("holds the process until it %s, and its place is told of it", async (how) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const kept: Outcome<unknown>[] = [];
    const work = new Outcome(lifetime.finish(() => promise, { keepOpen: (open) => kept.push(new Outcome(open)) }));
    await settle();
    expect([clock.isHeld, kept.map(({ state }) => state)]).toEqual([true, ["pending"]]);
    if (how === "resolves") resolve("done");
    else reject(new Error("no"));
    await settle();
    // The place learns of the end, and of nothing else.
    expect([clock.timers, kept.map(({ state, value }) => [state, value])]).toEqual([0, [["resolved", undefined]]]);
    expect(work.state).toBe(how === "resolves" ? "resolved" : "rejected");
  });

  it("is not begun when the cache or its place is closed", async () => {
    const work = vi.fn<() => Promise<void>>(async () => {});
    const closed = Object.assign(new Error("closed"), { code: "ERR_CLOSED" });
    const keepOpen = (): never => {
      throw closed;
    };
    await expect(lifetime.finish(work, { keepOpen })).rejects.toBe(closed);
    expect(clock.timers).toBe(0);
    await lifetime.close();
    await expect(lifetime.finish(work, place)).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect(work).not.toHaveBeenCalled();
  });

  it("holds the process no longer than the longest, whatever it does", async () => {
    void lifetime.finish(() => new Promise(() => {}), place);
    await clock.advance(54_999);
    expect(clock.isHeld).toBe(true);
    await clock.advance(1);
    expect(clock.isHeld).toBe(false);
  });
});

describe("the end of a lifetime", () => {
  it("comes at once when nothing is under way, and is told by a signal", async () => {
    const end = new Outcome(lifetime.close());
    expect([lifetime.isClosed, lifetime.closing.aborted]).toEqual([true, true]);
    await settle();
    expect(end.state).toBe("resolved");
    expect(() => lifetime.requireOpen()).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }));
  });

  it("waits for all that is under way, also for what fails, and each call waits", async () => {
    const works = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    for (const { promise } of works) void lifetime.finish(() => promise, place).catch(() => {});
    const ends = [new Outcome(lifetime.close()), new Outcome(lifetime.close())];
    works[0]?.reject(new Error("no"));
    await settle();
    expect(ends.map(({ state }) => state)).toEqual(["pending", "pending"]);
    works[1]?.resolve();
    await settle();
    ends.push(new Outcome(lifetime.close()));
    await settle();
    expect(ends.map(({ state }) => state)).toEqual(["resolved", "resolved", "resolved"]);
  });

  it("comes in the end when work that it waits for is never heard of again, as in a runtime that drops it", async () => {
    void lifetime.finish(() => new Promise(() => {}), place);
    const end = new Outcome(lifetime.close());
    await clock.advance(60_000);
    expect(end.state).toBe("resolved");
  });
});

describe("a platform that keeps the process alive", () => {
  it("is given promises that never reject, and what it throws or rejects with is ignored", async () => {
    const given: Promise<unknown>[] = [];
    const kept = new Lifetime(clock, 1000, (work) => given.push(work));
    kept.keepAlive(Promise.reject(new Error("no")));
    kept.keepAlive(Promise.resolve("a secret"));
    expect(await Promise.allSettled(given)).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
    const throwing = (): never => {
      throw new Error("too late");
    };
    const rejecting = (() => Promise.reject(new Error("too late"))) as unknown as (work: Promise<unknown>) => void;
    for (const broken of [throwing, rejecting]) expect(() => new Lifetime(clock, 1000, broken).keepAlive(Promise.resolve())).not.toThrow();
    await settle();
  });
});
