import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scheduleEnd, withDeadline } from "../src/clock/deadline.ts";
import { waitFor } from "../src/clock/waits.ts";
import { newlySeen, waitForChange } from "../src/refresh/intents.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { cellIn } from "./cell-in.ts";
import "./fixed-seed.ts";
import { Outcome } from "./outcome.ts";
import { partsOf, refreshOf } from "./parts.ts";
import { settle, TestClock } from "./test-clock.ts";

const delays = fc.integer({ min: 1, max: 60_000 });
/** Up to a second, timers of a busy process are late as well. */
const busy = fc.integer({ min: 0, max: 1000 });
const stopped = fc.integer({ min: 1001, max: 3_600_000 });

/** The process is stopped until so long after the timer was due. Its timers are called before anything that arrived meanwhile is read. */
async function thaw(clock: TestClock, delay: number, late: number): Promise<void> {
  clock.skip(delay + late);
  await clock.advance(0);
}

describe("the end of a wait for I/O", () => {
  it("is believed when the timer is a second late at most", async () => {
    await fc.assert(
      fc.asyncProperty(delays, busy, async (delay, late) => {
        const clock = new TestClock();
        let ended = 0;
        scheduleEnd(clock, () => (ended += 1), delay);
        await thaw(clock, delay, late);
        expect([ended, clock.timers]).toEqual([1, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it("comes a second later when the timer is later than that, once, and no sooner", async () => {
    await fc.assert(
      fc.asyncProperty(delays, stopped, async (delay, late) => {
        const clock = new TestClock();
        let ended = 0;
        scheduleEnd(clock, () => (ended += 1), delay);
        await thaw(clock, delay, late);
        await clock.advance(999);
        expect(ended).toBe(0);
        await clock.advance(1);
        expect([ended, clock.timers]).toEqual([1, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it("comes a second of running after the last of several stops in a row, however short the process ran in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        delays,
        fc.array(fc.tuple(fc.integer({ min: 0, max: 999 }), stopped), { minLength: 1, maxLength: 5 }),
        async (delay, stops) => {
          const clock = new TestClock();
          let ended = 0;
          const cancel = scheduleEnd(clock, () => (ended += 1), delay, true);
          await thaw(clock, delay, 20_000);
          for (const [ran, stop] of stops) {
            await clock.advance(ran);
            // The second is slept through as well.
            await thaw(clock, 1000 - ran, stop);
            expect([ended, clock.timers, clock.isHeld]).toEqual([0, 1, true]);
          }
          if (stops.length === 1) {
            cancel();
            await clock.advance(10_000);
            expect([ended, clock.timers]).toEqual([0, 0]);
            return;
          }
          await clock.advance(999);
          expect(ended).toBe(0);
          await clock.advance(1);
          expect([ended, clock.timers]).toEqual([1, 0]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([false, true])("can be cancelled before it and in the second after it, and holds the process as it was told: %s", async (ref) => {
    const clock = new TestClock();
    let ended = 0;
    scheduleEnd(clock, () => (ended += 1), 100, ref)();
    expect(clock.timers).toBe(0);
    const cancel = scheduleEnd(clock, () => (ended += 1), 100, ref);
    expect(clock.isHeld).toBe(ref);
    await thaw(clock, 100, 5000);
    expect([clock.timers, clock.isHeld]).toEqual([1, ref]);
    cancel();
    await clock.advance(10_000);
    expect([ended, clock.timers]).toEqual([0, 0]);
  });

  it("does not care what is done to the wall clock", async () => {
    const clock = new TestClock();
    let ended = 0;
    scheduleEnd(clock, () => (ended += 1), 100);
    clock.setWall(clock.now() + 86_400_000);
    await clock.advance(100);
    expect(ended).toBe(1);
  });
});

describe("work under a deadline, in a process that was stopped beyond it", () => {
  it("gives the answer that had arrived meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(delays, stopped, async (delay, late) => {
        const clock = new TestClock();
        const { promise, resolve } = Promise.withResolvers<string>();
        const work = new Outcome(withDeadline(clock, delay, undefined, (signal) => waitFor(promise, signal)));
        await thaw(clock, delay, late);
        await clock.advance(500);
        resolve("answer");
        await settle();
        expect([work.value, clock.timers]).toEqual(["answer", 0]);
      }),
      { numRuns: 30 },
    );
  });

  it("ends a second later when nothing had arrived", async () => {
    const clock = new TestClock();
    const overdue = new Error("too late");
    const work = new Outcome(
      withDeadline(
        clock,
        100,
        undefined,
        (signal) => waitFor(new Promise(() => {}), signal),
        () => overdue,
      ),
    );
    await thaw(clock, 100, 12_000);
    await clock.advance(999);
    expect(work.state).toBe("pending");
    await clock.advance(1);
    expect(work.reason).toBe(overdue);
  });
});

describe("a wait for the owner of an intent", () => {
  const deadline = 15_000;

  async function waiting(): Promise<{ clock: TestClock; end: Outcome<string> }> {
    const clock = new TestClock();
    const cell = cellIn(memoryStore(), clock);
    const seen = await cell.replace(await cell.read(), { generation: 1, intent: { owner: "other", deadline } });
    if (seen === undefined) throw new Error("Nobody else writes here.");
    const end = new Outcome(waitForChange(partsOf(clock, { cell }), seen, refreshOf(), deadline, newlySeen(seen.version, "other")));
    await settle();
    return { clock, end };
  }

  it("does not count the time in which this process was stopped: the owner may have been stopped with it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 13_000 }), fc.integer({ min: 5000, max: 3_600_000 }), async (before, stop) => {
        const { clock, end } = await waiting();
        await clock.advance(before);
        clock.skip(stop);
        await clock.advance(0);
        // Up to a second and a look of it may count.
        await clock.advance(deadline - before - 1500);
        expect(end.state).toBe("pending");
        await clock.advance(1500);
        expect(end.value).toBe("silence");
      }),
      { numRuns: 10 },
    );
  });

  it("counts every hold-up of a second and less: a busy process still comes to an end", async () => {
    const { clock, end } = await waiting();
    for (let looks = 0; looks < 14 && end.state === "pending"; looks += 1) {
      clock.skip(1000);
      await clock.advance(200);
    }
    expect(end.value).toBe("silence");
  });

  it("looks once more after a stop before it believes in silence", async () => {
    const clock = new TestClock();
    const cell = cellIn(memoryStore(), clock);
    const seen = await cell.replace(await cell.read(), { generation: 1, intent: { owner: "other", deadline } });
    if (seen === undefined) throw new Error("Nobody else writes here.");
    const end = new Outcome(waitForChange(partsOf(clock, { cell }), seen, refreshOf(), deadline, newlySeen(seen.version, "other")));
    await settle();
    await cell.replace(await cell.read(), { generation: 2 });
    clock.skip(60_000);
    await clock.advance(0);
    expect(end.value).toBe("changed");
  });
});
