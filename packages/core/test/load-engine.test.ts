import { afterEach, describe, expect, it, vi } from "vitest";
import type { createTokenCache as Create } from "../src/cache/create-token-cache.ts";
import { memoryStore } from "../src/store/memory-store.ts";

const source = Object.assign(async () => ({ access_token: "new", expires_in: 3600 }), { identity: "test" });
const shared = { source, store: memoryStore(), key: "user" };

/** The package as a program has it that has just begun, whose next `failures` attempts to load the engine fail, as offline. */
async function begin(failures = 0): Promise<{ createTokenCache: typeof Create; attempts: () => number }> {
  vi.resetModules();
  let attempts = 0;
  vi.doMock("../src/cache/engine.ts", async (original) => {
    attempts += 1;
    if (attempts <= failures) throw new TypeError("Failed to fetch dynamically imported module");
    return original();
  });
  const { createTokenCache } = await import("../src/cache/create-token-cache.ts");
  return { createTokenCache, attempts: () => attempts };
}

afterEach(() => vi.doUnmock("../src/cache/engine.ts"));

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
