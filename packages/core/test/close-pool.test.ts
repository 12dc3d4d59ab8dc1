import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenPool, type TokenPool } from "../src/cache/token-pool.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import { storeKey } from "../src/store/store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: MemoryStore;
let pool: TokenPool;
/** The token requests that were sent and not answered yet. */
let sent: Map<string, (answer: TokenResponse) => void>;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = memoryStore();
  sent = new Map();
  pool = createPool({});
});

function createPool(options: { limit?: number; concurrency?: number }): TokenPool {
  const { concurrency = 8, ...rest } = options;
  return createTokenPool({
    clock,
    store,
    identity: "test",
    queue: createTokenEndpointQueue({ clock, concurrency }),
    source: (key) => () =>
      new Promise((resolve) => {
        sent.set(key, resolve);
      }),
    ...rest,
  });
}

async function answer(key: string): Promise<void> {
  sent.get(key)?.(response(`${key}-2`));
  await settle();
}

async function storedToken(key: string): Promise<string | undefined> {
  const entry = await store.read(await storeKey("test", key));
  return (JSON.parse(entry?.value ?? "{}") as { tokens?: { access_token: string } }).tokens?.access_token;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);

describe("a pool that is closed", () => {
  it("waits for the token requests of all its caches and for their results, and sends none of those that wait for a slot", async () => {
    const users = names(40);
    for (const user of users) await pool.for(user).save(response(user));
    clock.skip(3_600_000);
    const callers = users.map((user) => new Outcome(pool.for(user).get()));
    await settle();
    const under = [...sent.keys()];
    expect(under).toHaveLength(8);
    const end = new Outcome(pool.close());
    await settle();
    expect(end.state).toBe("pending");
    for (const user of under) {
      expect(end.state).toBe("pending");
      await answer(user);
    }
    await settle();
    expect(end.state).toBe("resolved");
    expect([...sent.keys()]).toEqual(under);
    for (const [index, user] of users.entries()) {
      const isSent = under.includes(user);
      expect([callers[index]?.value?.accessToken, callers[index]?.code]).toEqual(
        isSent ? [`access-${user}-2`, undefined] : [undefined, "ERR_CLOSED"],
      );
      expect(await storedToken(user)).toBe(isSent ? `access-${user}-2` : `access-${user}`);
    }
    expect(clock.timers).toBe(0);
  });

  it("closes the caches that were given out, and those that are asked for later", async () => {
    const early = pool.for("early");
    await early.save(response("1"));
    await pool.close();
    expect(early.peek()).toBeUndefined();
    await expect(early.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await expect(pool.for("late").get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await expect(pool.for("late").save(response("1"))).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  it("waits for a cache that it has dropped while its token request was under way", async () => {
    pool = createPool({ limit: 1 });
    const first = pool.for("first");
    await first.save(response("first"));
    void first.renew(await first.get()).catch(() => {});
    await settle();
    // A logout lets the next caller begin anew; the cache counts as idle, and leaves.
    await first.forget();
    pool.for("second");
    pool.for("third");
    expect(pool.size).toBe(1);
    const end = new Outcome(pool.close());
    await settle();
    expect(end.state).toBe("pending");
    await answer("first");
    expect([end.state, await storedToken("first")]).toEqual(["resolved", undefined]);
  });

  it("also closes the caches that it has dropped", async () => {
    pool = createPool({ limit: 1 });
    const dropped = pool.for("first");
    await dropped.save(response("first"));
    pool.for("second");
    expect(pool.size).toBe(1);
    await pool.close();
    expect(dropped.peek()).toBeUndefined();
    await expect(dropped.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  it("may be closed again, and by leaving its block, and leaves its store open", async () => {
    await Promise.all([pool.close(), pool.close()]);
    {
      await using block = createPool({});
      await block.for("user").save(response("1"));
      pool = block;
    }
    await expect(pool.for("user").get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect(await storedToken("user")).toBe("access-1");
    expect((await createPool({}).for("user").get()).accessToken).toBe("access-1");
  });

  it("of its own store and queue closes as well", async () => {
    const own = createTokenPool({ clock, source: () => async () => response("1") });
    await own.for("user").get();
    await own.close();
    await expect(own.for("user").get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  it("is not closed by a cache of it: those have no end of their own", () => {
    expect("close" in pool.for("user")).toBe(false);
  });
});
