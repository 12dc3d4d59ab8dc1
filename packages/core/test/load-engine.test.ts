import { afterEach, describe, expect, it, vi } from "vitest";
import type { createTokenCache as Create } from "../src/cache/create-token-cache.ts";
import type { createTokenPool as CreatePool } from "../src/cache/token-pool.ts";
import { memoryStore } from "../src/store/memory-store.ts";

const source = Object.assign(async () => ({ access_token: "new", expires_in: 3600 }), { identity: "test" });
const shared = { source, store: memoryStore(), key: "user" };

/** The package as a program has it that has just begun, whose next `failures` attempts to load the engine fail, as offline. */
async function begin(
  failures = 0,
): Promise<{ createTokenCache: typeof Create; createTokenPool: typeof CreatePool; attempts: () => number }> {
  vi.resetModules();
  let attempts = 0;
  vi.doMock("../src/cache/late/engine.ts", async (original) => {
    attempts += 1;
    if (attempts <= failures) throw new TypeError("Failed to fetch dynamically imported module");
    return original();
  });
  const { createTokenCache } = await import("../src/cache/create-token-cache.ts");
  const { createTokenPool } = await import("../src/cache/token-pool.ts");
  return { createTokenCache, createTokenPool, attempts: () => attempts };
}

afterEach(() => vi.doUnmock("../src/cache/late/engine.ts"));

describe("the module that asks store and token source", () => {
  it("is loaded when the first cache is made, once for all of them", async () => {
    const { createTokenCache, attempts } = await begin();
    expect(attempts()).toBe(0);
    const caches = [createTokenCache({ source }), createTokenCache({ source }), createTokenCache(shared)];
    await vi.waitFor(() => expect(attempts()).toBe(1));
    for (const tokens of caches) expect((await tokens.get()).accessToken).toBe("new");
    expect(attempts()).toBe(1);
  });

  it.each([
    ["in memory", { source }],
    ["in a store", shared],
  ])("that cannot be loaded rejects what needs it, %s, and is asked for again by the next call", async (_, options) => {
    const calls: ((tokens: ReturnType<typeof Create>) => Promise<unknown>)[] = [
      (tokens) => tokens.get(),
      (tokens) => tokens.save({ access_token: "saved" }),
      (tokens) => tokens.seed({ access_token: "seed" }),
      (tokens) => tokens.forget(),
      ...(options === shared ? [(tokens: ReturnType<typeof Create>) => tokens.reread()] : []),
    ];
    for (const call of calls) {
      const { createTokenCache, attempts } = await begin(2);
      const tokens = createTokenCache(options);
      // The attempt that began with the cache, and one of the call's own, unless it met the first one.
      await vi.waitFor(() => expect(attempts()).toBe(1));
      await new Promise(setImmediate);
      await expect(call(tokens)).rejects.toMatchObject({
        code: "ERR_TOKEN_REQUEST_NOT_SENT",
        outcome: "not-sent",
        message: "A module of Tokenflight, which is loaded when it is needed, could not be loaded.",
      });
      expect(tokens.peek()).toBeUndefined();
      await call(tokens);
      expect(attempts()).toBe(3);
    }
  });

  it("is not loaded once more where it was handed over", async () => {
    const { createTokenCache, attempts } = await begin();
    await import("../src/request/fetch/eager.ts");
    expect(attempts()).toBe(1);
    expect((await createTokenCache({ source }).get()).accessToken).toBe("new");
    expect(attempts()).toBe(1);
  });
});

describe("a token cache whose engine is not there yet", () => {
  const sources = [undefined, true, false].map((requiresLogin) =>
    Object.assign(async () => source(), { identity: "test" }, requiresLogin === undefined ? {} : { requiresLogin }),
  );

  it.each(sources.flatMap((one) => [{ source: one }, { source: one, store: memoryStore(), key: "user" }]))(
    "says of its login what one says whose engine is there: %o",
    async (options) => {
      const { createTokenCache } = await begin();
      const early = createTokenCache(options);
      const before = [early.status(), early.peek()];
      await import("../src/request/fetch/eager.ts");
      const there = createTokenCache(options);
      expect([there.status(), there.peek()]).toEqual(before);
      await Promise.all([early.close(), there.close()]);
      expect(there.status()).toEqual(early.status());
    },
  );

  it("does what it was told in the order of the calls, and is one cache for all of them", async () => {
    const { createTokenCache } = await begin();
    const tokens = createTokenCache({ source });
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const calls = [
      tokens.save({ access_token: "first", expires_in: 3600 }).then(note("save")),
      tokens.forget().then(note("forget")),
      tokens.seed({ access_token: "second", expires_in: 3600 }).then(note("seed")),
    ];
    expect(order).toEqual([]);
    await Promise.all(calls);
    expect(order).toEqual(["save", "forget", "seed"]);
    expect(tokens.peek()?.accessToken).toBe("second");
    expect(await tokens.get()).toBe(tokens.peek());
    const renewed = await tokens.renew((await tokens.reread())!);
    expect(renewed.accessToken).toBe("new");
    expect(tokens.status().state).toBe("logged-in");
  });

  it("asks its source once for all who wait", async () => {
    const { createTokenCache } = await begin();
    const asked = vi.fn(source);
    const tokens = createTokenCache({ source: asked });
    const got = await Promise.all([tokens.get(), tokens.get({ minValidity: 60 }), tokens.get()]);
    expect(new Set(got).size).toBe(1);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("waits no longer than its caller, and not at all once it is closed", async () => {
    const { createTokenCache } = await begin();
    const tokens = createTokenCache({ source });
    const left = new AbortController();
    const [waiting, other] = [tokens.get({ signal: left.signal }), tokens.get()];
    left.abort("left");
    await expect(waiting).rejects.toBe("left");
    expect((await other).accessToken).toBe("new");

    const closed = (await begin()).createTokenCache({ source });
    const late = closed.get();
    await closed.close();
    await expect(late).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect([closed.peek(), closed.status().state]).toEqual([undefined, "unknown"]);
  });

  it("tells the platform of the calls that wait, in the moment of the call", async () => {
    const { createTokenCache } = await begin();
    const kept: Promise<unknown>[] = [];
    const got = createTokenCache({ source, keepAlive: (work) => void kept.push(work) }).get();
    expect(kept).toHaveLength(1);
    await Promise.all(kept);
    expect((await got).accessToken).toBe("new");
  });

  it("is not dropped by its pool while a call waits", async () => {
    const { createTokenPool } = await begin();
    const asked = vi.fn((_key: string) => source);
    const pool = createTokenPool({ source: asked, limit: 1 });
    const first = pool.for("a").get();
    pool.for("b");
    expect(await pool.for("a").get()).toBe(await first);
    expect(asked.mock.calls.map(([key]) => key)).toEqual(["a", "b"]);
    pool.for("c");
    expect(pool.size).toBe(1);
  });
});
