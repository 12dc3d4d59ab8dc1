import { encryptedStore, memoryStore, type TokenStore } from "@tokenflight/core";
import type { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";
import { describe, expect, expectTypeOf, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const keys = [{ id: "one", key: new Uint8Array(32) }];

describe("the types of stores", () => {
  it("say which of them can be closed", () => {
    expectTypeOf<ReturnType<typeof sqliteStore>["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ReturnType<typeof redisStore>["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ReturnType<typeof memoryStore>>().toEqualTypeOf<TokenStore>();
  });

  it("say of an encrypted store what they say of the store beneath", async () => {
    using folder = temporaryFolder();
    const encrypted = encryptedStore(sqliteStore({ path: folder.file("tokens.db") }), { keys });
    expectTypeOf(encrypted.close).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(encrypted.watch).toEqualTypeOf<(key: string, changed: () => void) => () => void>();
    await encrypted.close();
    await expect(encrypted.read("key")).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });

    const { watch: _, ...unwatched } = memoryStore();
    const plain = encryptedStore(unwatched as TokenStore, { keys });
    expect(["watch" in plain, "close" in plain]).toEqual([false, false]);
    expectTypeOf(plain.close).toEqualTypeOf<(() => Promise<void>) | undefined>();
  });
});
