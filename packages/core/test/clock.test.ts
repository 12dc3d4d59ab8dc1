import { getEventListeners } from "node:events";
import { expect, it, vi } from "vitest";
import { sleep, systemClock } from "../src/clock.ts";
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

it("sleeps for as long as it was told", async () => {
  const clock = new TestClock();
  const sleeping = new Outcome(sleep(clock, 100));
  await clock.advance(99);
  expect(sleeping.state).toBe("pending");
  await clock.advance(1);
  expect(sleeping.state).toBe("resolved");
});

it("wakes up when its signal aborts, and leaves neither a timer nor a listener behind", async () => {
  const clock = new TestClock();
  const controller = new AbortController();
  const sleeping = new Outcome(sleep(clock, 100, controller.signal));
  controller.abort();
  await settle();
  expect([sleeping.state, clock.timers]).toEqual(["resolved", 0]);
  await sleep(clock, 100, controller.signal);
  expect(clock.timers).toBe(0);

  const { signal } = new AbortController();
  const other = sleep(clock, 100, signal);
  await clock.advance(100);
  await other;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
