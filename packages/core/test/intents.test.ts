import { beforeEach, describe, expect, it } from "vitest";
import type { RecordCell, VersionedRecord } from "../src/refresh/cell.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { newlySeen, waitForChange } from "../src/refresh/intents.ts";
import type { TokenStore } from "../src/store/store.ts";
import { cellIn } from "./cell-in.ts";
import { Outcome } from "./outcome.ts";
import { partsOf, refreshOf } from "./parts.ts";
import { settle, TestClock } from "./test-clock.ts";

const refresh = refreshOf({ id: "me" });

/** Waits for so many milliseconds from now. */
function waitFor(cell: RecordCell, clock: TestClock, seen: VersionedRecord, time: number): Promise<string> {
  return waitForChange(partsOf(clock, { cell }), seen, refresh, time, newlySeen(seen.version, "other"));
}

describe.each([
  ["that is watched", memoryStore],
  [
    "that can only be polled",
    (): TokenStore => {
      const { read, compareAndSet } = memoryStore();
      return { read, compareAndSet };
    },
  ],
])("an intent in a store %s", (_, createStore) => {
  let clock: TestClock;
  let cell: RecordCell;
  let seen: VersionedRecord;

  beforeEach(async () => {
    clock = new TestClock();
    cell = cellIn(createStore(), clock);
    const empty = await cell.read();
    seen = (await cell.replace(empty, { generation: 0, intent: { owner: "other", deadline: 15_000 } })) ?? empty;
  });

  it("whose owner is silent is waited for until its deadline, and no longer", async () => {
    const change = new Outcome(waitFor(cell, clock, seen, 15_000));
    await clock.advance(14_999);
    expect(change.state).toBe("pending");
    await clock.advance(200);
    expect(change.value).toBe("silence");
    expect(clock.timers).toBe(0);
  });

  it("that is replaced is waited for no more, within 200 ms", async () => {
    const change = new Outcome(waitFor(cell, clock, seen, 15_000));
    await clock.advance(5000);
    await cell.replace(seen, { generation: 1 });
    await clock.advance(200);
    expect(change.value).toBe("changed");
    expect(clock.timers).toBe(0);
  });

  it("that is replaced by another intent is waited for no more either", async () => {
    const change = new Outcome(waitFor(cell, clock, seen, 15_000));
    await clock.advance(14_900);
    await cell.replace(seen, { generation: 0, intent: { owner: "third", deadline: 15_000 } });
    await clock.advance(200);
    expect(change.value).toBe("changed");
  });

  it("is judged by the monotonic clock, whatever is done to the wall clock", async () => {
    const change = new Outcome(waitFor(cell, clock, seen, 15_000));
    clock.setWall(clock.now() + 86_400_000);
    await clock.advance(10_000);
    clock.setWall(0);
    await clock.advance(1000);
    expect(change.state).toBe("pending");
  });
});

it("ends at once when the watched store tells of the change", async () => {
  const clock = new TestClock();
  const cell = cellIn(memoryStore(), clock);
  const seen = await cell.read();
  const change = new Outcome(waitFor(cell, clock, seen, 15_000));
  await settle();
  await cell.replace(seen, { generation: 1 });
  await settle();
  expect(change.value).toBe("changed");
});

it("reads no more often than without hints when a store hints at changes that are none", async () => {
  const clock = new TestClock();
  const store = memoryStore();
  const changed: (() => void)[] = [];
  let reads = 0;
  let stopped = 0;
  const nervous: TokenStore = {
    compareAndSet: (...args) => store.compareAndSet(...args),
    read: (key) => {
      reads += 1;
      return store.read(key);
    },
    watch: (_, callback) => {
      changed.push(callback);
      return () => {
        stopped += 1;
      };
    },
  };
  const cell = cellIn(nervous, clock);
  const change = new Outcome(waitFor(cell, clock, await cell.read(), 1000));
  await settle();
  changed[0]?.();
  await clock.advance(1200);
  expect(change.value).toBe("silence");
  // After 20, 26, 34 ... milliseconds, 200 at most, and once for the hint.
  expect(reads).toBeLessThan(20);
  expect([changed.length, stopped]).toEqual([1, 1]);
});

it("fails with the store", async () => {
  const clock = new TestClock();
  const store = memoryStore();
  const cell = cellIn(store, clock);
  const seen = await cell.read();
  const change = new Outcome(waitFor(cell, clock, seen, 15_000));
  await settle();
  store.read = () => Promise.reject(new Error("gone"));
  await clock.advance(200);
  expect(change.code).toBe("ERR_STORE_UNAVAILABLE");
});
