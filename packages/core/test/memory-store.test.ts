import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
    const stop = store.watch("key", changed);
    store.watch("other", other);
    const version = await store.compareAndSet("key", undefined, "one");
    await store.compareAndSet("key", undefined, "lost");
    expect(changed).toHaveBeenCalledTimes(1);
    await store.compareAndSet("key", version, undefined);
    expect(changed).toHaveBeenCalledTimes(2);
    stop();
    stop();
    await store.compareAndSet("key", undefined, "two");
    expect(changed).toHaveBeenCalledTimes(2);
    expect(other).not.toHaveBeenCalled();
  });

  it("tells at once who listens to all entries, with the key and its version, until they stop", async () => {
    const store = memoryStore();
    const changed = vi.fn<(key?: string, version?: string) => void>();
    const stop = store.watchAll(changed);
    const writing = store.compareAndSet("key", undefined, "one");
    expect(changed).toHaveBeenCalledTimes(1);
    const version = await writing;
    const deleted = await store.compareAndSet("key", version, undefined);
    await store.compareAndSet("key", version, "lost");
    expect(changed.mock.calls).toEqual([
      ["key", version],
      ["key", deleted],
    ]);
    stop();
    await store.compareAndSet("key", undefined, "two");
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("writes, and tells the others, when a listener throws or stops another one", async () => {
    const store = memoryStore();
    const heard: string[] = [];
    const stops: (() => void)[] = [];
    store.watchAll(() => {
      heard.push("first");
      stops[0]?.();
      throw new Error("a listener's own fault");
    });
    stops.push(store.watchAll(() => heard.push("stopped")));
    store.watchAll(() => heard.push("last"));
    expect(await store.compareAndSet("key", undefined, "one")).toBeDefined();
    expect(heard).toEqual(["first", "last"]);
  });

  describe("whose entries end", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "Date", "setTimeout", "setInterval"] }));
    afterEach(() => void vi.useRealTimers());

    it("has them until their time is over, and no longer", async () => {
      const store = memoryStore();
      const version = await store.compareAndSet("key", undefined, "one", { ttl: 1050 });
      vi.advanceTimersByTime(1049);
      expect(await store.read("key")).toEqual({ version, value: "one" });
      vi.advanceTimersByTime(101);
      expect(await store.read("key")).toBeUndefined();
      expect(await store.compareAndSet("key", version, "late")).toBeUndefined();
      const next = await store.compareAndSet("key", undefined, "two");
      expect(next).not.toBe(version);
      vi.advanceTimersByTime(365 * 24 * 3_600_000);
      expect((await store.read("key"))?.value).toBe("two");
    });

    it("removes them when somebody writes, once a minute at most, and has no timer for it", async () => {
      const store = memoryStore();
      const removed = vi.spyOn(Map.prototype, "delete");
      const write = (key: string): Promise<unknown> => store.compareAndSet(key, undefined, "value", { ttl: 1000 });
      for (let entry = 0; entry < 1000; entry += 1) await write(`early ${entry}`);
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(60_000);
      await write("late");
      expect(removed).toHaveBeenCalledTimes(1000);
      for (let entry = 0; entry < 50; entry += 1) await write(`later ${entry}`);
      vi.advanceTimersByTime(2000);
      await write("within the minute");
      expect(removed).toHaveBeenCalledTimes(1000);
      removed.mockRestore();
    });

    it("removes them before there are twice as many, however quickly they come", async () => {
      const store = memoryStore();
      const removed = vi.spyOn(Map.prototype, "delete");
      for (let entry = 0; entry < 10_000; entry += 1) {
        await store.compareAndSet(`entry ${entry}`, undefined, "value", { ttl: 100 });
        vi.advanceTimersByTime(10);
      }
      expect(10_000 - removed.mock.calls.length).toBeLessThan(250);
      removed.mockRestore();
    });

    it("takes no ttl from a polluted prototype", async () => {
      const store = memoryStore();
      const polluted = Object.prototype as { ttl?: number };
      polluted.ttl = 1;
      await store.compareAndSet("key", undefined, "one");
      await store.compareAndSet("other", undefined, "one", {});
      delete polluted.ttl;
      vi.advanceTimersByTime(1000);
      expect([(await store.read("key"))?.value, (await store.read("other"))?.value]).toEqual(["one", "one"]);
    });
  });

  it("shares nothing with another one", async () => {
    const [one, other] = [memoryStore(), memoryStore()];
    await one.compareAndSet("key", undefined, "one");
    expect(await other.read("key")).toBeUndefined();
  });
});
