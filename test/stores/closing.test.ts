import { encryptedStore, memoryStore, OpenWork, type ChangeListener, type MemoryStore, type TokenStore } from "@tokenflight/core";
import type { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";
import { describe, expect, expectTypeOf, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const keys = [{ id: "one", key: new Uint8Array(32) }];
const optional = ["watch", "watchAll", "keepOpen", "holder", "isGone", "trouble", "close", Symbol.asyncDispose] as const;

describe("the types of stores", () => {
  it("say which of them can be closed", () => {
    expectTypeOf<ReturnType<typeof sqliteStore>["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ReturnType<typeof redisStore>["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ReturnType<typeof memoryStore>>().toEqualTypeOf<MemoryStore>();
    expectTypeOf<MemoryStore["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<MemoryStore["watchAll"]>().toEqualTypeOf<(changed: ChangeListener) => () => void>();
    expectTypeOf<MemoryStore>().toExtend<AsyncDisposable>();
    expectTypeOf<ReturnType<typeof sqliteStore>>().toExtend<AsyncDisposable>();
    expectTypeOf<ReturnType<typeof redisStore>>().toExtend<AsyncDisposable>();
  });

  it("say of an encrypted store what they say of the store beneath", async () => {
    using folder = temporaryFolder();
    const encrypted = encryptedStore(sqliteStore({ path: folder.file("tokens.db") }), { keys });
    expectTypeOf(encrypted.close).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(encrypted.watch).toEqualTypeOf<(key: string, changed: () => void) => () => void>();
    expectTypeOf(encrypted.holder).toEqualTypeOf<() => Promise<string>>();
    expectTypeOf(encrypted).toExtend<AsyncDisposable>();
    await encrypted.close();
    await expect(encrypted.read("key")).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expectTypeOf(encryptedStore(memoryStore(), { keys }).holder).toEqualTypeOf<(() => Promise<string>) | undefined>();
  });
});

describe("an encrypted store", () => {
  it.each(optional)("has %s if the store beneath has it, passes on what it is given, and has no other", async (name) => {
    const given: unknown[] = [];
    const { read, compareAndSet } = memoryStore();
    const inner = {
      read,
      compareAndSet,
      marked: true,
      [name](this: { marked: boolean }, ...received: unknown[]) {
        given.push(this.marked, ...received);
        return "answer";
      },
    } as unknown as TokenStore;
    const encrypted = encryptedStore(inner, { keys }) as unknown as Record<string | symbol, (...given: unknown[]) => unknown>;
    expect(optional.filter((each) => each in encrypted)).toEqual([name]);
    expect(encrypted[name]?.("first", 2)).toBe("answer");
    expect(given).toEqual([true, "first", 2]);
  });

  it("passes on how long an entry is of use", async () => {
    const inner = memoryStore();
    const ttls: unknown[] = [];
    const noting: TokenStore = {
      ...inner,
      compareAndSet(key, expected, value, options) {
        ttls.push(options?.ttl);
        return inner.compareAndSet(key, expected, value, options);
      },
    };
    const store = encryptedStore(noting, { keys });
    const version = await store.compareAndSet("key", undefined, "one", { ttl: 5000 });
    await store.compareAndSet("key", version, "two");
    expect(ttls).toEqual([5000, undefined]);
  });
});

describe("what a store has under way", () => {
  it("is waited for by each call of close, and the end comes once", async () => {
    const work = new OpenWork("test");
    const { promise, resolve } = Promise.withResolvers<void>();
    work.keepOpen(promise);
    let ends = 0;
    const closing = work.close(() => void (ends += 1));
    expect(work.close(() => void (ends += 1))).toBe(closing);
    expect([ends, work.hasEnded]).toEqual([0, false]);
    work.requireOpen();
    resolve();
    await closing;
    expect([ends, work.hasEnded]).toEqual([1, true]);
    expect(() => work.requireOpen()).toThrow(expect.objectContaining({ code: "ERR_CLOSED", message: "The test store is closed." }));
  });

  it("is nothing when all of it is over: then the end has come when close returns", async () => {
    const work = new OpenWork("test");
    work.keepOpen(Promise.reject(new Error("failed")));
    work.keepOpen(Promise.resolve());
    await new Promise(setImmediate);
    void work.close();
    expect(work.hasEnded).toBe(true);
  });
});
