import { describe, expect, it, vi } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";

describe("a memory store", () => {
  it("has nothing at first", async () => {
    expect(await memoryStore().read("key")).toBeUndefined();
  });

  it("writes when the version is the one that was read, and only then", async () => {
    const store = memoryStore();
    const first = await store.compareAndSet("key", undefined, "one");
    expect(await store.read("key")).toEqual({ version: first, value: "one" });
    expect(await store.compareAndSet("key", undefined, "two")).toBeUndefined();
    expect(await store.compareAndSet("key", "another", "two")).toBeUndefined();
    const second = await store.compareAndSet("key", first, "two");
    expect(second).not.toBe(first);
    expect(await store.compareAndSet("key", first, "three")).toBeUndefined();
    expect(await store.read("key")).toEqual({ version: second, value: "two" });
  });

  it("lets exactly one of many writers win", async () => {
    const store = memoryStore();
    const written = await Promise.all(Array.from({ length: 100 }, (_, index) => store.compareAndSet("key", undefined, String(index))));
    expect(written.filter((version) => version !== undefined)).toHaveLength(1);
  });

  it("never gives a version twice, not even after the entry was deleted", async () => {
    const store = memoryStore();
    const first = await store.compareAndSet("key", undefined, "one");
    expect(await store.compareAndSet("key", first, undefined)).toBeDefined();
    expect(await store.read("key")).toBeUndefined();
    const second = await store.compareAndSet("key", undefined, "one");
    expect(second).not.toBe(first);
    expect(await store.compareAndSet("key", first, "late")).toBeUndefined();
  });

  it("keeps keys apart, whatever they are called", async () => {
    const store = memoryStore();
    for (const key of ["a", "", "__proto__", "constructor", "a\0"]) await store.compareAndSet(key, undefined, `of ${key}`);
    expect((await store.read("__proto__"))?.value).toBe("of __proto__");
    expect((await store.read("a"))?.value).toBe("of a");
    expect(await store.read("toString")).toBeUndefined();
  });

  it("calls watchers of a key when it changes, until they stop", async () => {
    const store = memoryStore();
    const [changed, other] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const stop = store.watch?.("key", changed);
    store.watch?.("other", other);
    const version = await store.compareAndSet("key", undefined, "one");
    await store.compareAndSet("key", undefined, "lost");
    expect(changed).toHaveBeenCalledTimes(1);
    await store.compareAndSet("key", version, undefined);
    expect(changed).toHaveBeenCalledTimes(2);
    stop?.();
    stop?.();
    await store.compareAndSet("key", undefined, "two");
    expect(changed).toHaveBeenCalledTimes(2);
    expect(other).not.toHaveBeenCalled();
  });

  it("shares nothing with another one", async () => {
    const [one, other] = [memoryStore(), memoryStore()];
    await one.compareAndSet("key", undefined, "one");
    expect(await other.read("key")).toBeUndefined();
  });
});
