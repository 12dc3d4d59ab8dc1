import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { encryptedStore } from "../src/store/encrypted-store.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import { storeKey, type TokenStore } from "../src/store/store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let inner: MemoryStore;
let writes: string[];

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  inner = memoryStore();
  writes = [];
});

/** Notes what was written, before it is all gone. */
function noting(): MemoryStore {
  return {
    ...inner,
    async compareAndSet(...write) {
      const version = await inner.compareAndSet(...write);
      if (version !== undefined) writes.push(write[2] ?? "");
      return version;
    },
  };
}

const keys = [{ id: "a", key: new Uint8Array(32).fill(7) }];

describe.each<[string, () => MemoryStore]>([
  ["a store", noting],
  ["an encrypted store", () => encryptedStore(noting(), { keys }) as unknown as MemoryStore],
])("%s that is closed before its caches", (name, createStore) => {
  let store: MemoryStore;
  let all: SetUp;

  beforeEach(async () => {
    store = createStore();
    all = setUp({ clock, store, key: "alice" });
    await all.tokens.save(response("1"));
    clock.skip(3_600_000);
  });

  it("waits for the token request that is under way, and for its result", async () => {
    const caller = new Outcome(all.tokens.get());
    await settle();
    // An encrypted store does its work on other threads.
    await vi.waitFor(() => expect(all.hand.calls).toHaveLength(1));
    const before = writes.length;
    const end = new Outcome(store.close());
    await settle();
    expect([end.state, all.hand.calls.length]).toEqual(["pending", 1]);
    all.hand.last.give(response("2"));
    await vi.waitFor(() => expect(end.state).toBe("resolved"));
    expect([end.state, caller.value?.accessToken, writes.length]).toEqual(["resolved", "access-2", before + 1]);
    if (name === "a store") expect(writes.at(-1)).toContain("access-2");
  });

  it("lets nothing new begin: a refresh ends with ERR_CLOSED, and nothing is sent", async () => {
    await store.close();
    for (const call of [() => all.tokens.get(), () => all.tokens.save(response("3")), () => all.tokens.forget(), () => all.tokens.reread()])
      await expect(call()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect(all.hand.calls).toEqual([]);
  });
});

describe("a store that is closed while a result is written, as one that cannot wait is", () => {
  it("is not written to again, and those who wait get the token at once", async () => {
    const stored = memoryStore();
    let isClosed = false;
    let asked = 0;
    const closing: TokenStore = {
      read: stored.read,
      compareAndSet: async (...write) => {
        asked += 1;
        if (isClosed) throw new StoreError("ERR_CLOSED", "The store is closed.");
        return stored.compareAndSet(...write);
      },
    };
    const all = setUp({ clock, store: closing, key: "alice" });
    await all.tokens.save(response("1"));
    clock.skip(3_600_000);
    const caller = new Outcome(all.tokens.get());
    await settle();
    isClosed = true;
    const before = asked;
    all.hand.last.give(response("2"));
    await settle();
    expect([caller.value?.accessToken, asked - before]).toEqual(["access-2", 1]);
    await clock.advance(600_000);
    expect([asked - before, clock.timers]).toEqual([1, 0]);
    expect(all.events.filter(({ type }) => type === "store-trouble")).toMatchObject([
      { operation: "write", error: { code: "ERR_CLOSED" } },
    ]);
  });
});

it("a result that the closed store did not get is written by nobody for another login", async () => {
  const store = noting();
  const key = await storeKey("test", "alice");
  const all = setUp({ clock, store, key: "alice" });
  await all.tokens.save(response("1"));
  expect((await inner.read(key))?.value).toContain("access-1");
  await store[Symbol.asyncDispose]();
  await expect(inner.read(key)).rejects.toMatchObject({ code: "ERR_CLOSED" });
});
