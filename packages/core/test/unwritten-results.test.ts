import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { ClosableTokenCache } from "../src/cache/token-cache.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import { storeKey } from "../src/store/store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

/** Milliseconds: 2.75 timeouts of a token request. */
const longest = 27_500;

let clock: TestClock;
let store: MemoryStore;
let isAway: boolean;
/** What was stored last, also after the store has forgotten everything at its end. */
let stored: string | undefined;
let tokens: ClosableTokenCache;
let hand: HandSource;
let key: string;

beforeAll(hashAtOnce);
beforeEach(async () => {
  clock = new TestClock();
  isAway = false;
  stored = undefined;
  hand = new HandSource();
  const inner = memoryStore();
  store = {
    ...inner,
    async compareAndSet(...write) {
      if (isAway) throw new Error("away");
      const version = await inner.compareAndSet(...write);
      if (version !== undefined) stored = write[2];
      return version;
    },
  };
  tokens = createTokenCache({ clock, store, key: "alice", source: hand.source });
  key = await storeKey("test", "alice");
  await tokens.save(response("1"));
  clock.skip(3_600_000);
});

/** The store goes away while the source answers, for so long that the caller gets the token from memory. */
async function unwrittenResult(): Promise<void> {
  const caller = new Outcome(tokens.get());
  await settle();
  isAway = true;
  hand.last.give(response("2"));
  await clock.advance(10_000);
  expect([caller.value?.accessToken, stored?.includes("access-2")]).toEqual(["access-2", false]);
}

const ways: [string, () => Promise<void>][] = [
  ["its cache", () => tokens.close()],
  ["its store", () => store.close()],
];

describe("a result that is still unwritten after its callers were served", () => {
  beforeEach(unwrittenResult);

  it("is written at once by the close of its cache, when the store is back", async () => {
    isAway = false;
    const before = clock.monotonic();
    await tokens.close();
    expect([stored?.includes("access-2"), clock.monotonic(), clock.timers]).toEqual([true, before, 0]);
  });

  it.each(ways)("is waited for by the close of %s", async (_, close) => {
    const end = new Outcome(close());
    await clock.advance(10_000);
    expect([end.state, clock.isHeld]).toEqual(["pending", true]);
    isAway = false;
    await clock.advance(1250);
    expect([end.state, stored?.includes("access-2")]).toEqual(["resolved", true]);
    expect([clock.isHeld, clock.timers]).toEqual([false, 0]);
  });

  it.each(ways)("is not waited for without end by the close of %s", async (_, close) => {
    const end = new Outcome(close());
    await clock.advance(longest - 10_000 - 1);
    expect([end.state, clock.isHeld]).toEqual(["pending", true]);
    await clock.advance(1);
    expect([end.state, clock.isHeld]).toEqual(["resolved", false]);
  });

  it("holds the process, and no longer than 2.75 timeouts of a request", async () => {
    await clock.advance(longest - 10_000 - 1);
    expect(clock.isHeld).toBe(true);
    await clock.advance(1);
    expect(clock.isHeld).toBe(false);
    // What nobody waits for any more is written all the same.
    isAway = false;
    await clock.advance(1250);
    expect((await store.read(key))?.value).toContain("access-2");
  });

  it("is nobody's burden once it is written", async () => {
    isAway = false;
    await clock.advance(1250);
    const ends = ways.map(([, close]) => new Outcome(close()));
    await settle();
    expect([...ends.map(({ state }) => state), clock.timers]).toEqual(["resolved", "resolved", 0]);
  });
});

describe("a result that comes while its cache is being closed, and that the store does not take", () => {
  it.each(ways)("is waited for as well, beyond what its callers wait: by the close of %s", async (_, close) => {
    const caller = new Outcome(tokens.get());
    await settle();
    const end = new Outcome(close());
    await clock.advance(5000);
    isAway = true;
    hand.last.give(response("2"));
    await clock.advance(10_000);
    expect([caller.value?.accessToken, end.state]).toEqual(["access-2", "pending"]);
    isAway = false;
    await clock.advance(1250);
    expect([end.state, stored?.includes("access-2")]).toEqual(["resolved", true]);
  });
});
