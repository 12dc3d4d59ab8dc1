import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/clock/clock.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the system's clock", () => {
  it("looks the wall clock, chance and timers up at each call, so that what replaces them later counts", () => {
    vi.spyOn(Date, "now").mockReturnValue(5);
    vi.spyOn(Math, "random").mockReturnValue(0.25);
    expect([systemClock.now(), systemClock.random()]).toEqual([5, 0.25]);
    vi.useFakeTimers({ now: 86_400_000 });
    expect(systemClock.now()).toBe(86_400_000);
    const fired = vi.fn<() => void>();
    systemClock.schedule(fired, 1000);
    systemClock.schedule(fired, 1000)();
    vi.advanceTimersByTime(999);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledTimes(1);
    expect(systemClock.now()).toBe(86_401_000);
  });

  it("measures time that never goes back, whatever its source is replaced by, and goes on from there", () => {
    const now = vi.spyOn(performance, "now");
    let last = systemClock.monotonic();
    for (const [read, least] of [
      [1e9, 0],
      [1e9 + 10, 10],
      [0, 0],
      [7, 7],
      [3, 0],
      [3, 0],
      [103, 100],
      [5e9, 100],
      [0, 0],
      [1, 1],
    ] as const) {
      now.mockReturnValue(read);
      const time = systemClock.monotonic();
      expect(time - last).toBeGreaterThanOrEqual(least);
      last = time;
    }
    now.mockReturnValue(51);
    expect(systemClock.monotonic() - last).toBe(50);
  });

  it("moves with fake timers that are installed, advanced and taken away again", () => {
    const before = systemClock.monotonic();
    vi.useFakeTimers();
    const begun = systemClock.monotonic();
    expect(begun).toBeGreaterThanOrEqual(before);
    vi.advanceTimersByTime(60_000);
    expect(systemClock.monotonic() - begun).toBeCloseTo(60_000, 0);
    vi.useRealTimers();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(begun + 60_000 - 1);
  });

  it.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])("has timers that hold the process when ref is %s: %s", (ref, isHeld) => {
    const timeout = vi.spyOn(globalThis, "setTimeout");
    const cancel = systemClock.schedule(() => {}, 60_000, ref);
    expect(timeout.mock.results[0]?.value.hasRef()).toBe(isHeld);
    cancel();
  });

  it("has timers where they are numbers", () => {
    const timeout = vi.spyOn(globalThis, "setTimeout").mockReturnValue(5 as never);
    const clear = vi.spyOn(globalThis, "clearTimeout").mockReturnValue();
    for (const ref of [true, false]) systemClock.schedule(() => {}, 60_000, ref)();
    expect([timeout.mock.calls.length, clear.mock.calls]).toEqual([2, [[5], [5]]]);
  });
});
