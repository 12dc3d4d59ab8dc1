import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/memory-store.ts";
import type { TokenEvent } from "../src/events.ts";
import { createTokenPool, type TokenPoolOptions } from "../src/token-pool.ts";
import type { TokenSource } from "../src/token-source.ts";

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

  it("names the subject in its events", async () => {
    const { source } = accounts();
    const seen: [string, TokenEvent["type"]][] = [];
    const pool = createTokenPool({ source, observe: (event, key) => seen.push([key, event.type]) });
    await pool.for("a").get();
    await pool.for("b").get();
    expect(seen).toEqual([
      ["a", "token-obtained"],
      ["b", "token-obtained"],
    ]);
  });

  it("shares its store with another pool: one token request for both", async () => {
    const { source, asked } = accounts();
    const store = memoryStore();
    const [one, other] = [createTokenPool({ source, store }), createTokenPool({ source, store })];
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
    expect(() => createTokenPool({ source: () => undefined as never }).for("a")).toThrow("source: expected a function, got nothing.");
  });
});
