import { afterEach, describe, expect, it } from "vitest";
import { createTokenCache, createTokenPool, encryptedStore, memoryStore, type TokenCache, type TokenStore } from "../src/index.ts";

const platform = Object.getOwnPropertyDescriptor(globalThis, "crypto") as PropertyDescriptor;
afterEach(() => Object.defineProperty(globalThis, "crypto", platform));

/** What a page over plain http has of the Web Cryptography API, and what React Native has. */
const platforms: Record<string, unknown> = {
  "a page over plain http": { getRandomValues: crypto.getRandomValues.bind(crypto), randomUUID: () => String(Math.random()) },
  "a platform with a subtle that is null": { randomUUID: () => String(Math.random()), subtle: null },
};
const { ...memory } = memoryStore();
const own: TokenStore = { read: memory.read, compareAndSet: memory.compareAndSet };
const source = async (): Promise<{ access_token: string; refresh_token: string }> => ({ access_token: "a-1", refresh_token: "r-1" });
const named = Object.assign(source, { identity: "app" });

describe.each(Object.entries(platforms))("on %s", (_name, crypto) => {
  const without = <Result>(work: () => Result): Result => {
    Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
    return work();
  };

  it.each<[string, () => unknown, string]>([
    ["a cache with a store", () => createTokenCache({ source: named, store: own, key: "ada" }), "store"],
    ["a pool with a store", () => createTokenPool({ source: () => named, store: own }), "store"],
    ["an encrypted store", () => encryptedStore(memoryStore(), { keys: [{ id: "1", key: new Uint8Array(32) }] }), "encryptedStore"],
  ])("%s is refused at construction", (_what, create, option) => {
    expect(() => without(create)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION", option, message: expect.stringContaining("crypto.subtle") }),
    );
  });

  it.each<[string, () => TokenCache]>([
    ["a cache", () => createTokenCache({ source })],
    ["a cache with a memory store", () => createTokenCache({ source: named, store: memoryStore(), key: "ada" })],
    ["a pool", () => createTokenPool({ source: () => source }).for("ada")],
  ])("%s works: it obtains, renews, saves and forgets", async (_what, create) => {
    const tokens = without(create);
    expect((await tokens.get()).accessToken).toBe("a-1");
    expect((await tokens.save({ access_token: "a-2", expires_in: 60 })).accessToken).toBe("a-2");
    expect(tokens.peek()?.accessToken).toBe("a-2");
    await tokens.forget();
    expect(tokens.peek()).toBeUndefined();
  });

  it("two users of one memory store have an entry each", async () => {
    const pool = without(() => createTokenPool({ source: () => named, store: memoryStore() }));
    await pool.for("ada").save({ access_token: "of-ada", expires_in: 60 });
    await pool.for("bob").save({ access_token: "of-bob", expires_in: 60 });
    expect([(await pool.for("ada").get()).accessToken, (await pool.for("bob").get()).accessToken]).toEqual(["of-ada", "of-bob"]);
  });
});
