import { encryptedStore, memoryStore, StoreError, type TokenStore } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { expectRefused, newKey, put, valueIn } from "./encrypted-entry.ts";

const [first, second] = [newKey("first"), newKey("second")];

async function refusedVersion(store: TokenStore): Promise<string | undefined> {
  const error = await store.read("key").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  return (error as StoreError).version;
}

/** How an entry may come to be refused, by a store with the key `first`. */
const refusals: readonly [how: string, spoil: (inner: TokenStore, store: TokenStore) => Promise<void>][] = [
  ["rubbish", (inner) => put(inner, "key", "rubbish")],
  [
    "encrypted with a key that is lost",
    async (inner) => {
      await encryptedStore(inner, { keys: [second] }).compareAndSet("key", undefined, "secret");
    },
  ],
  [
    "another subject's",
    async (inner, store) => {
      await store.compareAndSet("other", undefined, "secret of another");
      await put(inner, "key", await valueIn(inner, "other"));
    },
  ],
  [
    "rolled back",
    async (inner, store) => {
      const one = await store.compareAndSet("key", undefined, "one");
      const old = await valueIn(inner);
      await store.compareAndSet("key", one, "two");
      await put(inner, "key", old);
    },
  ],
];

describe.each(refusals)("an entry that an encrypted store refuses as it is %s", (_, spoil) => {
  it("is replaced by its version, begins anew, and is refused when it comes back", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    await spoil(inner, store);
    const refused = await valueIn(inner);
    const version = await refusedVersion(store);
    expect(version).toBe((await inner.read("key"))?.version);
    const written = await store.compareAndSet("key", version, "new");
    expect(await store.read("key")).toEqual({ version: written, value: "new" });
    expect((await encryptedStore(inner, { keys: [first] }).read("key"))?.value).toBe("new");
    expect(await store.compareAndSet("key", written, "newer")).toBeDefined();
    await put(inner, "key", refused);
    await expectRefused(store.read("key"), "refused");
  });

  it("is deleted by its version", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    await spoil(inner, store);
    expect(await store.compareAndSet("key", await refusedVersion(store), undefined)).toBeDefined();
    expect([await inner.read("key"), await store.read("key")]).toEqual([undefined, undefined]);
  });

  it("stays when somebody else was faster, and for whoever expects another version or none", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    await spoil(inner, store);
    const version = await refusedVersion(store);
    const before = await valueIn(inner);
    expect(await store.compareAndSet("key", undefined, "new")).toBeUndefined();
    expect(await store.compareAndSet("key", "another", "new")).toBeUndefined();
    expect(await valueIn(inner)).toBe(before);
    await put(inner, "key", "rubbish of another");
    expect(await store.compareAndSet("key", version, "new")).toBeUndefined();
    expect(await store.compareAndSet("key", version, undefined)).toBeUndefined();
    expect(await valueIn(inner)).toBe("rubbish of another");
  });
});

describe("an entry that the store beneath cannot read", () => {
  it("is replaced by the version that this one tells", async () => {
    const inner = memoryStore();
    let isSpoilt = true;
    const spoilt: TokenStore = {
      ...inner,
      async read(key) {
        if (!isSpoilt) return inner.read(key);
        throw new StoreError("ERR_STORE_RECORD_INVALID", "It is a list.", { version: "? a list" });
      },
      async compareAndSet(key, expected, value) {
        if (expected !== "? a list") return inner.compareAndSet(key, expected, value);
        isSpoilt = false;
        return inner.compareAndSet(key, undefined, value);
      },
    };
    const store = encryptedStore(spoilt, { keys: [first] });
    expect(await store.compareAndSet("key", "another", "new")).toBeUndefined();
    const written = await store.compareAndSet("key", await refusedVersion(store), "new");
    expect(await store.read("key")).toEqual({ version: written, value: "new" });
  });

  it("is told of as it is when it has no version, or the store is away", async () => {
    for (const code of ["ERR_STORE_RECORD_INVALID", "ERR_STORE_UNAVAILABLE"] as const) {
      const broken: TokenStore = { ...memoryStore(), read: () => Promise.reject(new StoreError(code, "No.")) };
      await expect(encryptedStore(broken, { keys: [first] }).compareAndSet("key", "1", "new")).rejects.toMatchObject({ code });
    }
  });
});
