import { beforeAll, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { createTokenPool, type TokenPool } from "../src/cache/token-pool.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await settle();
}
const named = (name: string): { access_token: string; expires_in: number } => ({ access_token: name, expires_in: 600 });
const tokenOf = ({ value }: Outcome<TokenSet>): string | undefined => value?.accessToken;

/** A pool whose sources ask for the tokens of other subjects first. */
function poolOf(
  needs: (key: string) => string[],
  options: { concurrency?: number; clock?: TestClock } = {},
): { pool: TokenPool; asked: string[] } {
  const { clock = new TestClock(), concurrency = 8 } = options;
  const asked: string[] = [];
  const pool: TokenPool = createTokenPool({
    clock,
    queue: createTokenEndpointQueue({ clock, concurrency }),
    source: (key) => async () => {
      asked.push(key);
      await settle();
      for (const other of needs(key)) await pool.for(other).get();
      return named(key);
    },
  });
  return { pool, asked };
}

describe("sources that ask another subject of the same pool", () => {
  it.each([1, 2, 8])("of 40 children and one parent all get their token, the parent is asked once; slots: %d", async (concurrency) => {
    const { pool, asked } = poolOf((key) => (key === "parent" ? [] : ["parent"]), { concurrency });
    const children = Array.from({ length: 40 }, (_, index) => new Outcome(pool.for(`child-${index}`).get()));
    await turns(400);
    expect(children.map(tokenOf)).toEqual(children.map((_, index) => `child-${index}`));
    expect(asked.filter((key) => key === "parent")).toHaveLength(1);
  });

  it.each([1, 3])("of 40 children with parents of their own all get their token; slots: %d", async (concurrency) => {
    const { pool } = poolOf((key) => (key.startsWith("child") ? [`parent-${key}`] : []), { concurrency });
    const children = Array.from({ length: 40 }, (_, index) => new Outcome(pool.for(`child-${index}`).get()));
    await turns(400);
    expect(children.filter((child) => tokenOf(child) === undefined)).toEqual([]);
  });

  it.each([1, 8])("get their token at depth five and deeper; slots: %d", async (concurrency) => {
    for (const depth of [5, 30]) {
      const { pool, asked } = poolOf((key) => (Number(key) > 0 ? [String(Number(key) - 1)] : []), { concurrency });
      const all = Array.from({ length: 10 }, () => new Outcome(pool.for(String(depth)).get()));
      await turns(200);
      expect(new Set(all.map(tokenOf))).toEqual(new Set([String(depth)]));
      expect(asked).toHaveLength(depth + 1);
    }
  });

  it("join a parent that waits for a slot behind them, and it begins at once", async () => {
    const clock = new TestClock();
    const gate = Promise.withResolvers<void>();
    const pool: TokenPool = createTokenPool({
      clock,
      queue: createTokenEndpointQueue({ clock, concurrency: 1 }),
      source: (key) => async () => {
        if (key === "child") {
          await gate.promise;
          await pool.for("parent").get();
        }
        return named(key);
      },
    });
    const child = new Outcome(pool.for("child").get());
    await turns();
    // Somebody else asks for the parent, which waits for the one slot, which the child holds.
    const parent = new Outcome(pool.for("parent").get());
    await turns();
    expect(parent.state).toBe("pending");
    gate.resolve();
    await turns();
    expect([tokenOf(child), tokenOf(parent)]).toEqual(["child", "parent"]);
  });

  it("join a parent that has not come to the queue yet, and it does not wait there", async () => {
    const clock = new TestClock();
    const store = memoryStore();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = {
      ...store,
      read: async (key: string) => {
        await gates[1]?.promise;
        return store.read(key);
      },
    };
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    const parent = createTokenCache({ clock, queue, store: slow, identity: "test", key: "parent", source: async () => named("parent") });
    const child = createTokenCache({
      clock,
      queue,
      source: async () => {
        await gates[0]?.promise;
        await parent.get();
        return named("child");
      },
    });
    const outcomes = [new Outcome(child.get())];
    await turns();
    // The parent's refresh, which somebody else has started, still reads the store when the child joins it.
    outcomes.push(new Outcome(parent.get()));
    await turns();
    gates[0]?.resolve();
    await turns();
    gates[1]?.resolve();
    await turns();
    expect(outcomes.map(tokenOf)).toEqual(["child", "parent"]);
  });

  it("join a parent that a refresh ahead has queued behind them as well", async () => {
    const clock = new TestClock();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const pool: TokenPool = createTokenPool({
      clock,
      queue: createTokenEndpointQueue({ clock, concurrency: 1 }),
      source: (key) => async () => {
        if (key === "child") {
          await gates[0]?.promise;
          await pool.for("parent").get({ minValidity: 300 });
        }
        return { access_token: key, expires_in: 400 };
      },
    });
    await pool.for("parent").get();
    clock.skip(310_000);
    const child = new Outcome(pool.for("child").get());
    await turns();
    expect(pool.for("parent").peek()).toBeDefined();
    await turns();
    gates[0]?.resolve();
    await turns();
    expect(tokenOf(child)).toBe("child");
  });

  it("still hold to the pause that the endpoint has asked for", async () => {
    const clock = new TestClock();
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    const parent = createTokenCache({ clock, queue, source: async () => named("parent") });
    const child = createTokenCache({
      clock,
      queue,
      source: async () => {
        queue.pause(60_000);
        await parent.get();
        return named("child");
      },
    });
    const outcome = new Outcome(child.get());
    await turns();
    expect(outcome.state).toBe("rejected");
  });
});

describe("two sources that need each other's token", () => {
  function pair(queue?: ReturnType<typeof createTokenEndpointQueue>): [TokenCache, TokenCache] {
    const clock = new TestClock();
    const source = (name: string, other: () => TokenCache) => async () => {
      await settle();
      await other().get();
      return named(name);
    };
    const one: TokenCache = createTokenCache({ clock, ...(queue ? { queue } : {}), source: source("one", () => other) });
    const other: TokenCache = createTokenCache({ clock, ...(queue ? { queue } : {}), source: source("other", () => one) });
    return [one, other];
  }

  it.each([
    ["without a queue", () => undefined],
    ["over a queue with one slot", () => createTokenEndpointQueue({ clock: new TestClock(), concurrency: 1 })],
    ["over a queue with many", () => createTokenEndpointQueue({ clock: new TestClock() })],
  ])("fail at once when each refresh was started by somebody else, and nobody waits for a deadline: %s", async (_, createQueue) => {
    const [one, other] = pair(createQueue());
    const outcomes = [new Outcome(one.get()), new Outcome(other.get())];
    await turns();
    expect(outcomes.map(({ state }) => state)).toEqual(["rejected", "rejected"]);
    expect(outcomes.some(({ code }) => code === "ERR_REENTRANT_REFRESH")).toBe(true);
  });

  it("fail when one sets off the other", async () => {
    const [one] = pair();
    const outcome = new Outcome(one.get());
    await turns();
    expect(outcome.code).toBe("ERR_REENTRANT_REFRESH");
  });

  it("do not keep a stranger waiting: it gets its error, or another token, at once", async () => {
    const [one, other] = pair();
    void other.get().catch(() => {});
    const strangers = Array.from({ length: 20 }, () => new Outcome(one.get()));
    await turns();
    expect(strangers.every(({ state }) => state === "rejected")).toBe(true);
  });

  it("in a ring of five, each started by somebody else, all end at once", async () => {
    const clock = new TestClock();
    const ring: TokenCache[] = Array.from({ length: 5 }, (_, index) =>
      createTokenCache({
        clock,
        source: async () => {
          await settle();
          await ring[(index + 1) % 5]?.get();
          return named(String(index));
        },
      }),
    );
    const outcomes = ring.map((tokens) => new Outcome(tokens.get()));
    await turns();
    expect(outcomes.every(({ state }) => state === "rejected")).toBe(true);
    expect(outcomes.some(({ code }) => code === "ERR_REENTRANT_REFRESH")).toBe(true);
  });

  it("one after the other are no ring: a source may ask a cache whose own source has asked before", async () => {
    const clock = new TestClock();
    let isFirst = true;
    const one: TokenCache = createTokenCache({
      clock,
      source: async () => {
        if (!isFirst) return response("one");
        isFirst = false;
        await other.get();
        return response("one");
      },
    });
    const other: TokenCache = createTokenCache({
      clock,
      source: async () => response("other"),
    });
    expect((await one.get()).accessToken).toBe("access-one");
    expect((await other.get()).accessToken).toBe("access-other");
  });

  it("may each wait for a third one at one time, which is no ring either", async () => {
    const clock = new TestClock();
    const gate = Promise.withResolvers<void>();
    const third: TokenCache = createTokenCache({ clock, source: async () => gate.promise.then(() => named("third")) });
    const both = ["one", "two"].map((name) =>
      createTokenCache({
        clock,
        source: async () => {
          await Promise.all([third.get(), third.get()]);
          return named(name);
        },
      }),
    );
    const outcomes = both.map((tokens) => new Outcome(tokens.get()));
    await turns();
    gate.resolve();
    await turns();
    expect(outcomes.map(tokenOf)).toEqual(["one", "two"]);
  });
});
