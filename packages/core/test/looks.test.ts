import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

let clock: RandomClock;
let stored: MemoryStore;
let reads: number;
let isAway: boolean;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new RandomClock();
  stored = memoryStore();
  reads = 0;
  isAway = false;
});

/** A store object of a process's own, with or without hints, which counts how often it is read. */
function view(...hints: "watchAll"[]): TokenStore {
  return {
    async read(key) {
      reads += 1;
      if (isAway) throw new Error("away");
      return stored.read(key);
    },
    compareAndSet: stored.compareAndSet,
    // It tells of nothing, as one that has lost its connection without noticing.
    ...(hints.length > 0 ? { watchAll: () => () => {} } : {}),
  };
}

const cache = (store: TokenStore): SetUp => setUp({ clock, store, key: "alice" });

describe.each([
  ["that tells of nothing", 30_000, (): TokenStore => view()],
  ["that watches, and may have lost a message", 300_000, (): TokenStore => view("watchAll")],
])("an entry in a store %s", (_, interval, createStore) => {
  let mine: SetUp;

  beforeEach(async () => {
    mine = cache(createStore());
    await mine.tokens.save(response("old"));
    reads = 0;
  });

  it("is looked at in the background after that long, by those who use it, and not sooner", async () => {
    await clock.advance(interval - 1);
    for (let uses = 0; uses < 100; uses += 1) expect(mine.tokens.peek()?.accessToken).toBe("access-old");
    await settle();
    expect(reads).toBe(0);
    await clock.advance(1);
    for (let uses = 0; uses < 100; uses += 1) expect(mine.tokens.peek()?.accessToken).toBe("access-old");
    await settle();
    for (let uses = 0; uses < 100; uses += 1) expect(mine.tokens.peek()?.accessToken).toBe("access-old");
    expect([reads, mine.hand.calls.length]).toEqual([1, 0]);
  });

  it("costs nothing while nobody uses it", async () => {
    await clock.advance(10 * interval);
    expect([reads, clock.timers]).toEqual([0, 0]);
  });

  it.each(["a logout", "another login"])("is found to be another one within that time of use: %s elsewhere", async (what) => {
    const other = cache(view());
    await (what === "a logout" ? other.tokens.forget() : other.tokens.save(response("new")));
    let sent = 0;
    for (; mine.tokens.peek()?.accessToken === "access-old" && sent < 1000; sent += 1) await clock.advance(1000);
    expect(sent).toBeLessThanOrEqual(interval / 1000 + 1);
    expect(mine.tokens.peek()?.accessToken).toBe(what === "a logout" ? undefined : "access-new");
    expect(mine.hand.calls).toEqual([]);
    expect(mine.events.at(-1)?.type).toBe(what === "a logout" ? "token-forgotten" : "token-adopted");
  });

  it("whose store is away is believed, and looked at again every other second of use until the store is back", async () => {
    isAway = true;
    await clock.advance(interval);
    for (let seconds = 0; seconds < 60; seconds += 1) {
      expect(mine.tokens.peek()?.accessToken).toBe("access-old");
      expect((await mine.tokens.get()).accessToken).toBe("access-old");
      await clock.advance(1000);
    }
    expect(reads).toBeGreaterThanOrEqual(29);
    expect(reads).toBeLessThanOrEqual(62);
    isAway = false;
    await cache(view()).tokens.save(response("new"));
    await clock.advance(2000);
    mine.tokens.peek();
    await settle();
    expect(mine.tokens.peek()?.accessToken).toBe("access-new");
  });

  it("is looked at when the wall clock was set back", async () => {
    clock.setWall(clock.now() - 60_000);
    mine.tokens.peek();
    await settle();
    expect(reads).toBe(1);
    mine.tokens.peek();
    await settle();
    expect(reads).toBe(1);
  });
});
