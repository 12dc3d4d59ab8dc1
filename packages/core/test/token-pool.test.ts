import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenEvent } from "../src/events.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { createTokenPool, type TokenPool, type TokenPoolOptions } from "../src/cache/token-pool.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { FaultyStore } from "./faulty-store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

/** One account per key, whose tokens tell whose they are and how many there were. */
function accounts(): { source: (key: string) => TokenSource; asked: Map<string, number> } {
  const asked = new Map<string, number>();
  return {
    asked,
    source: (key) => async () => {
      asked.set(key, (asked.get(key) ?? 0) + 1);
      return { access_token: `${key}-${asked.get(key)}`, expires_in: 600 };
    },
  };
}

beforeAll(hashAtOnce);

describe("a token pool", () => {
  it("gives each subject its own tokens, and the same cache each time", async () => {
    const { source, asked } = accounts();
    const pool = createTokenPool({ source });
    const keys = Array.from({ length: 50 }, (_, index) => `account-${index}`);

    const sets = await Promise.all(keys.flatMap((key) => [pool.for(key).get(), pool.for(key).get()]));

    expect(sets.map(({ accessToken }) => accessToken)).toEqual(keys.flatMap((key) => [`${key}-1`, `${key}-1`]));
    expect([...asked.values()].every((times) => times === 1)).toBe(true);
    expect(pool.for("account-7")).toBe(pool.for("account-7"));
  });

  it("keeps no more caches than its limit; the least recently used leave, and lose nothing", async () => {
    const { source, asked } = accounts();
    const pool = createTokenPool({ source, limit: 3 });
    for (const key of ["a", "b", "c"]) await pool.for(key).get();
    pool.for("a");

    await pool.for("d").get();

    expect(pool.size).toBe(3);
    expect(pool.for("a").peek()?.accessToken).toBe("a-1");
    expect((await pool.for("b").get()).accessToken).toBe("b-1");
    expect(asked.get("b")).toBe(1);
  });

  it("lets no cache leave while its refresh is under way", async () => {
    const gate = Promise.withResolvers<void>();
    const pool = createTokenPool({
      limit: 1,
      source: (key) => async () => {
        await gate.promise;
        return { access_token: key };
      },
    });
    const busy = pool.for("busy");
    const waiting = busy.get();

    const other = pool.for("other").get();
    expect(pool.for("busy")).toBe(busy);
    expect(pool.size).toBe(2);
    gate.resolve();
    await Promise.all([waiting, other]);

    pool.for("third");
    expect(pool.size).toBe(1);
  });

  it("lets no cache leave while the store does not take its new token, which nobody else has", async () => {
    const clock = new TestClock();
    const store = new FaultyStore();
    const { source, asked } = accounts();
    const pool = createTokenPool({ source, store, identity: "test", clock, limit: 1 });
    const first = pool.for("a");
    store.nextWrites.push("none", ...Array.from({ length: 20 }, () => "fails" as const));
    const outcome = new Outcome(first.get());
    await clock.advance(10_000);
    expect(outcome.value?.accessToken).toBe("a-1");
    pool.for("b");
    expect(pool.for("a")).toBe(first);
    await clock.advance(120_000);
    pool.for("b");
    expect(pool.size).toBe(1);
    expect((await pool.for("a").get()).accessToken).toBe("a-1");
    expect(asked.get("a")).toBe(1);
  });

  it("shrinks to its limit when caches are used that it has, too", async () => {
    const gate = Promise.withResolvers<void>();
    const pool = createTokenPool({ limit: 2, source: (key) => () => gate.promise.then(() => ({ access_token: key })) });
    const keys = ["a", "b", "c", "d", "e"];
    const waiting = keys.map((key) => pool.for(key).get());
    expect(pool.size).toBe(5);
    gate.resolve();
    await Promise.all(waiting);
    pool.for("c");
    expect(pool.size).toBe(2);
    expect(pool.for("e").peek()?.accessToken).toBe("e");
  });

  it("sends all its subjects through one queue", async () => {
    let [running, most] = [0, 0];
    const source = () => async () => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
      return { access_token: "token" };
    };
    const pool = createTokenPool({ source, queue: createTokenEndpointQueue({ concurrency: 3 }) });
    await Promise.all(Array.from({ length: 30 }, (_, index) => pool.for(`account-${index}`).get()));
    expect(most).toBe(3);
  });

  it("names the subject in its events", async () => {
    const { source } = accounts();
    const seen: [string, TokenEvent["type"]][] = [];
    const pool = createTokenPool({ source, observe: (event, key) => seen.push([key, event.type]) });
    await pool.for("a").get();
    await pool.for("b").get();
    expect(seen).toEqual([
      ["a", "refresh-started"],
      ["a", "token-obtained"],
      ["b", "refresh-started"],
      ["b", "token-obtained"],
    ]);
  });

  it("shares its store with another pool: one token request for both", async () => {
    const { source, asked } = accounts();
    const store = memoryStore();
    const [one, other] = [1, 2].map(() => createTokenPool({ source, store, identity: "test" })) as [TokenPool, TokenPool];
    await Promise.all([one.for("a").get(), other.for("a").get()]);
    expect(asked.get("a")).toBe(1);
  });

  it.each<[Partial<Record<keyof TokenPoolOptions, unknown>>, string]>([
    [{ source: "no" }, "source: expected a function"],
    [{ source: accounts().source, limit: 0 }, "limit: expected a whole number above zero, got 0."],
    [{ source: accounts().source, store: {} }, "store: expected an object with read and compareAndSet"],
    [{ source: accounts().source, max: 1 } as never, "createTokenPool.max: expected one of source,"],
  ])("checks its options: %j", (options, message) => {
    expect(() => createTokenPool(options as unknown as TokenPoolOptions)).toThrow(message);
  });

  it("checks the key and the source when a subject is asked for", () => {
    expect(() => createTokenPool({ source: accounts().source }).for("")).toThrow("key: expected a string that is not empty");
    expect(() => createTokenPool({ source: () => undefined as never }).for("a")).toThrow(
      "createTokenPool.source: expected a function of the key that gives a token source, got one that gives nothing.",
    );
  });
});
