import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { ClosableTokenCache } from "../src/cache/token-cache.ts";
import { createTokenPool, type TokenPool } from "../src/cache/token-pool.ts";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { storeKey, type ChangeListener, type TokenStore } from "../src/store/store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
});

const throwing = (thrown: unknown) => (): never => {
  throw thrown;
};

describe("a store whose `keepOpen` throws", () => {
  it.each<[string, unknown]>([
    ["an error", new Error("no")],
    ["an error with a code", Object.assign(new Error("no"), { code: "ERR_OTHER" })],
    ["a text", "no"],
    ["nothing", undefined],
  ])("%s does all that is asked of it", async (_, thrown) => {
    const { tokens, hand } = setUp({ clock, store: { ...memoryStore(), keepOpen: throwing(thrown) }, key: "alice" });
    const first = new Outcome(tokens.get());
    await settle();
    hand.last.give(response("1"));
    await settle();
    expect(first.value?.accessToken).toBe("access-1");
    expect((await tokens.save(response("2"))).accessToken).toBe("access-2");
    await tokens.forget();
    expect(tokens.peek()).toBeUndefined();
  });

  it("that it is closed is believed", async () => {
    const closed = new StoreError("ERR_CLOSED", "The store is closed.");
    const { tokens, hand } = setUp({ clock, store: { ...memoryStore(), keepOpen: throwing(closed) }, key: "alice" });
    for (const call of [() => tokens.get(), () => tokens.save(response("1")), () => tokens.forget()])
      await expect(call()).rejects.toBe(closed);
    expect(hand.calls).toEqual([]);
  });
});

describe("a token source that closes", () => {
  const closers: [string, (close: { own: () => Promise<void>; pool: () => Promise<void> }) => Promise<void>, "cache" | "pool"][] = [
    ["the cache that it is refreshing", ({ own }) => own(), "cache"],
    ["its cache after other work", ({ own }) => settle().then(own), "cache"],
    ["the pool of the cache that it is refreshing", ({ pool }) => pool(), "pool"],
  ];

  it.each(closers)("%s fails at once with ERR_REENTRANT_REFRESH, and nothing is closed", async (_, close, kind) => {
    const refusals: unknown[] = [];
    const source = async (): Promise<ReturnType<typeof response>> => {
      await close({ own: () => own.close(), pool: () => pool.close() }).catch((error: unknown) => refusals.push(error));
      return response("1");
    };
    const own: ClosableTokenCache = createTokenCache({ clock, source });
    const pool: TokenPool = createTokenPool({ clock, source: () => source });
    const outcome = new Outcome((kind === "cache" ? own : pool.for("alice")).get());
    await settle();
    await settle();
    expect(refusals).toMatchObject([{ name: "TokenflightError", code: "ERR_REENTRANT_REFRESH" }]);
    expect(outcome.value?.accessToken).toBe("access-1");
    expect((kind === "cache" ? own : pool.for("alice")).peek()?.accessToken).toBe("access-1");
  });

  it("the cache for which its own one was asked fails at once as well", async () => {
    const refusals: unknown[] = [];
    const inner = createTokenCache({
      clock,
      source: async () => {
        await outer.close().catch((error: unknown) => refusals.push(error));
        return response("inner");
      },
    });
    const outer: ClosableTokenCache = createTokenCache({ clock, source: async () => response(`by-${(await inner.get()).accessToken}`) });
    const outcome = new Outcome(outer.get());
    await settle();
    expect(refusals).toMatchObject([{ code: "ERR_REENTRANT_REFRESH" }]);
    expect(outcome.value?.accessToken).toBe("access-by-access-inner");
  });

  it("another cache, or its own one after its answer, closes it", async () => {
    const other = createTokenCache({ clock, source: async () => response("other") });
    const afterwards = Promise.withResolvers<void>();
    const own: ClosableTokenCache = createTokenCache({
      clock,
      source: async () => {
        await other.close();
        setImmediate(() => own.close().then(afterwards.resolve, afterwards.reject));
        return response("1");
      },
    });
    expect((await own.get()).accessToken).toBe("access-1");
    await afterwards.promise;
    await expect(own.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await expect(other.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });
});

describe("`reread` while hints come", () => {
  let hints: (() => void)[];
  let reads: number;
  let store: TokenStore;

  beforeEach(async () => {
    const key = await storeKey("test", "alice");
    const stored = memoryStore();
    let hint: ChangeListener = () => {};
    let told = 0;
    reads = 0;
    hints = [];
    store = {
      async read(...read) {
        reads += 1;
        const entry = await stored.read(...read);
        hints.shift()?.();
        return entry;
      },
      compareAndSet: stored.compareAndSet,
      watchAll: (changed) => {
        hint = changed;
        return () => {};
      },
    };
    kinds = { any: () => hint(), "of the entry": () => hint(key), "of another version": () => hint(key, `another ${(told += 1)}`) };
  });

  let kinds: Record<"any" | "of the entry" | "of another version", () => void>;

  it.each(["any", "of the entry", "of another version"] as const)("reads again, and gives the token: %s", async (kind) => {
    const { tokens, hand } = setUp({ clock, store, key: "alice" });
    await tokens.save(response("1"));
    for (const count of [1, 2]) {
      reads = 0;
      hints = Array.from({ length: count }, () => kinds[kind]);
      expect((await tokens.reread())?.accessToken).toBe("access-1");
      expect(reads).toBe(count + 1);
    }
    expect(hand.calls).toEqual([]);
  });

  it("ends when they never end", async () => {
    const { tokens } = setUp({ clock, store, key: "alice" });
    await tokens.save(response("1"));
    reads = 0;
    hints = Array.from({ length: 50 }, () => kinds.any);
    const end = new Outcome(tokens.reread());
    await settle();
    expect([end.state, reads <= 5]).toEqual(["resolved", true]);
  });
});
