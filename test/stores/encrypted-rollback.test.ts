import { encryptedStore, memoryStore, type TokenStore } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { expectRefused, newKey, put, valueIn } from "./encrypted-entry.ts";

const first = newKey("first");

describe("an encrypted store whose entries are rolled back", () => {
  it("refuses an entry that was rolled back to one before the newest it has seen", async () => {
    const inner = memoryStore();
    const writer = encryptedStore(inner, { keys: [first] });
    const reader = encryptedStore(inner, { keys: [first] });
    const one = await writer.compareAndSet("key", undefined, "one");
    const old = await valueIn(inner);
    await writer.compareAndSet("key", one, "two");
    await reader.read("key");
    await put(inner, "key", old);
    await expectRefused(writer.read("key"), "rolled back");
    await expectRefused(reader.read("key"), "rolled back");
    // Who has seen nothing yet cannot know, and a store that may lose writes must be bearable.
    expect((await encryptedStore(inner, { keys: [first] }).read("key"))?.value).toBe("one");
  });

  it("accepts one that was rolled back when it is told to", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first], rollback: "accept" });
    const one = await store.compareAndSet("key", undefined, "one");
    const old = await valueIn(inner);
    await store.compareAndSet("key", one, "two");
    await put(inner, "key", old);
    const entry = await store.read("key");
    expect(entry?.value).toBe("one");
    expect(await store.compareAndSet("key", entry?.version, "three")).toBeDefined();
    expect((await store.read("key"))?.value).toBe("three");
  });

  it("refuses another write of the same count, as after a rollback that somebody else wrote upon", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    const one = await store.compareAndSet("key", undefined, "one");
    const old = await valueIn(inner);
    await store.compareAndSet("key", one, "two");
    await put(inner, "key", old);
    const other = encryptedStore(inner, { keys: [first] });
    const entry = await other.read("key");
    await other.compareAndSet("key", entry?.version, "two of another");
    await expectRefused(store.read("key"), "rolled back");
  });

  it("refuses an entry that was deleted and comes back, and takes one that is created anew", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    const watching = encryptedStore(inner, { keys: [first] });
    const one = await store.compareAndSet("key", undefined, "one");
    const old = await valueIn(inner);
    await watching.read("key");
    await store.compareAndSet("key", one, undefined);
    expect(await watching.read("key")).toBeUndefined();
    await put(inner, "key", old);
    for (const each of [store, watching]) await expectRefused(each.read("key"), "rolled back");
    await put(inner, "key", undefined);
    const again = encryptedStore(inner, { keys: [first] });
    const created = await again.compareAndSet("key", undefined, "created anew");
    for (const each of [store, watching]) expect(await each.read("key")).toEqual({ version: created, value: "created anew" });
    await put(inner, "key", old);
    for (const each of [store, watching]) await expectRefused(each.read("key"), "rolled back");
  });

  it("takes no read for a rollback that was overtaken by a newer one", async () => {
    const inner = memoryStore();
    let hold: Promise<void> | undefined;
    const slow: TokenStore = {
      ...inner,
      async read(key) {
        const entry = await inner.read(key);
        await hold;
        return entry;
      },
    };
    const store = encryptedStore(slow, { keys: [first] });
    const one = await store.compareAndSet("key", undefined, "one");
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    const overtaken = store.read("key");
    hold = undefined;
    const two = await store.compareAndSet("key", one, "two");
    expect((await store.read("key"))?.value).toBe("two");
    resolve();
    expect((await overtaken)?.value).toBe("one");
    expect(await store.compareAndSet("key", two, "three")).toBeDefined();
  });
});
