import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/clock/clock.ts";
import { withDeadline } from "../src/clock/deadline.ts";
import { wait, waitFor } from "../src/clock/waits.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

it("keeps no process alive with its timers", () => {
  const timeout = vi.spyOn(globalThis, "setTimeout");
  const cancel = systemClock.schedule(() => {}, 60_000);
  expect(timeout.mock.results[0]?.value.hasRef()).toBe(false);
  cancel();
  expect(timeout.mock.results[0]?.value._destroyed).toBe(true);
  timeout.mockRestore();
});

it("lets no far-away moment overflow into now", () => {
  const timeout = vi.spyOn(globalThis, "setTimeout");
  for (const delay of [2 ** 31, 30 * 86_400_000, Number.MAX_SAFE_INTEGER, Infinity]) systemClock.schedule(() => {}, delay)();
  // A timer takes 31 bits.
  expect(timeout.mock.calls.map(([, delay]) => delay)).toEqual(Array.from({ length: 4 }, () => 2 ** 31 - 1));
  timeout.mockRestore();
});

it("waits for as long as it was told", async () => {
  const clock = new TestClock();
  const waiting = new Outcome(wait(clock, 100));
  await clock.advance(99);
  expect(waiting.state).toBe("pending");
  await clock.advance(1);
  expect(waiting.state).toBe("resolved");
});

it("stops waiting when its signal aborts, and leaves neither a timer nor a listener behind", async () => {
  const clock = new TestClock();
  const controller = new AbortController();
  const waiting = new Outcome(wait(clock, 100, controller.signal));
  controller.abort();
  await settle();
  expect([waiting.state, clock.timers]).toEqual(["resolved", 0]);
  await wait(clock, 100, controller.signal);
  expect(clock.timers).toBe(0);

  const { signal } = new AbortController();
  const other = wait(clock, 100, signal);
  await clock.advance(100);
  await other;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

describe("a wait for a promise that others share", () => {
  it("is, without a signal, a wait for the shared promise itself", () => {
    const shared = Promise.resolve(5);
    expect(waitFor(shared, undefined)).toBe(shared);
  });

  it("ends at once with the reason of a signal that has aborted", async () => {
    await expect(waitFor(Promise.resolve(5), AbortSignal.abort("enough"))).rejects.toBe("enough");
  });

  it("ends with the signal's reason, and the shared promise goes on", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const controller = new AbortController();
    const [left, stays] = [new Outcome(waitFor(promise, controller.signal)), new Outcome(waitFor(promise, new AbortController().signal))];
    const reason = new Error("enough");
    controller.abort(reason);
    await settle();
    expect([left.state, left.reason, stays.state]).toEqual(["rejected", reason, "pending"]);
    resolve(5);
    await settle();
    expect(stays.value).toBe(5);
  });

  it("leaves no listener on the signal, however it ends", async () => {
    const { signal } = new AbortController();
    await waitFor(Promise.resolve(5), signal);
    await waitFor(Promise.reject(new Error("no")), signal).catch(() => {});
    await settle();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("passes a rejection on once, and none is left unhandled", async () => {
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<number>();
    const left = new Outcome(waitFor(promise, controller.signal));
    controller.abort("enough");
    reject(new Error("no"));
    await settle();
    expect(left.reason).toBe("enough");
  });
});

describe("work under a deadline", () => {
  const overdue = (): Error => new Error("too late");

  it("resolves or rejects as the work does, and leaves no timer behind", async () => {
    const clock = new TestClock();
    await expect(withDeadline(clock, 100, undefined, async () => 5, overdue)).resolves.toBe(5);
    await expect(withDeadline(clock, 100, undefined, () => Promise.reject(new Error("no")), overdue)).rejects.toThrow("no");
    expect(clock.timers).toBe(0);
  });

  it("gets a signal that aborts at the deadline, with the error of the deadline", async () => {
    const clock = new TestClock();
    const work = new Outcome(withDeadline(clock, 100, undefined, (signal) => waitFor(new Promise(() => {}), signal), overdue));
    await clock.advance(99);
    expect(work.state).toBe("pending");
    await clock.advance(1);
    expect(work.reason).toEqual(new Error("too late"));
  });

  it("gets one that aborts with the caller's, too", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const work = new Outcome(withDeadline(new TestClock(), 100, signal, (either) => waitFor(new Promise(() => {}), either), overdue));
    controller.abort("enough");
    await settle();
    expect(work.reason).toBe("enough");
  });

  it("may have an answer to the abort of its own", async () => {
    const clock = new TestClock();
    const answer = (signal: AbortSignal): Promise<string> => waitFor(new Promise<string>(() => {}), signal).catch(() => "what there is");
    const work = new Outcome(withDeadline(clock, 100, undefined, answer));
    await clock.advance(100);
    expect(work.value).toBe("what there is");
  });
});
