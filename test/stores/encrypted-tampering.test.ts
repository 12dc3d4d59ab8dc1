import { createTokenCache, encryptedStore, InvalidOptionError, memoryStore, StoreError, type EncryptionKey } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { expectRefused, newKey, put, valueIn } from "./encrypted-entry.ts";

const [first, second] = [newKey("first"), newKey("second")];

describe("an encrypted store", () => {
  it("shows nothing of a value to the store, and never the same text twice", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    const version = await store.compareAndSet("key", undefined, "a secret token");
    const one = await valueIn(inner);
    await store.compareAndSet("key", version, "a secret token");
    const two = await valueIn(inner);
    expect(one).not.toContain("secret");
    expect(one).not.toBe(two);
  });

  it("refuses an entry in which any character was changed, and every shorter one", async () => {
    const inner = memoryStore();
    const writer = encryptedStore(inner, { keys: [first] });
    await writer.compareAndSet("key", undefined, "secret");
    const sealed = await valueIn(inner);
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = sealed[at] === "A" ? "Q" : "A";
      await put(inner, "key", sealed.slice(0, at) + flipped + sealed.slice(at + 1));
      await expectRefused(encryptedStore(inner, { keys: [first] }).read("key"), "refused");
      await put(inner, "key", sealed.slice(0, at));
      await expectRefused(encryptedStore(inner, { keys: [first] }).read("key"), "refused");
    }
    await put(inner, "key", sealed);
    expect((await encryptedStore(inner, { keys: [first] }).read("key"))?.value).toBe("secret");
  });

  it("refuses one whose last character differs in bits that mean nothing", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const value of ["secret", "secret1", "secret12"]) {
      const inner = memoryStore();
      await encryptedStore(inner, { keys: [first] }).compareAndSet("key", undefined, value);
      const sealed = await valueIn(inner);
      for (const character of alphabet) {
        if (sealed.endsWith(character)) continue;
        await put(inner, "key", sealed.slice(0, -1) + character);
        await expectRefused(encryptedStore(inner, { keys: [first] }).read("key"), "was changed");
      }
    }
  });

  it("refuses another subject's entry", async () => {
    const inner = memoryStore();
    const store = encryptedStore(inner, { keys: [first] });
    await store.compareAndSet("alice", undefined, "secret of Alice");
    await store.compareAndSet("bob", undefined, "secret of Bob");
    await put(inner, "bob", await valueIn(inner, "alice"));
    await expectRefused(store.read("bob"), "another subject's");
    await expectRefused(encryptedStore(inner, { keys: [first] }).read("bob"), "another subject's");
  });

  it("refuses plain text, and never writes any", async () => {
    const inner = memoryStore();
    await inner.compareAndSet("key", undefined, '{"format":1,"generation":3}');
    const store = encryptedStore(inner, { keys: [first] });
    await expectRefused(store.read("key"), "is not encrypted");
    expect(await store.compareAndSet("key", undefined, "secret")).toBeUndefined();
    expect(await store.compareAndSet("key", "another", "secret")).toBeUndefined();
    expect(await valueIn(inner)).toBe('{"format":1,"generation":3}');
  });

  it("refuses a key that it does not have, and another key of the same name", async () => {
    const inner = memoryStore();
    await encryptedStore(inner, { keys: [first] }).compareAndSet("key", undefined, "secret");
    await expectRefused(encryptedStore(inner, { keys: [second] }).read("key"), 'the key "first", which is not one of the keys given');
    await expectRefused(encryptedStore(inner, { keys: [newKey("first")] }).read("key"), 'another key of the id "first"');
  });

  it("reads with every key, and writes with the first one", async () => {
    const inner = memoryStore();
    const version = await encryptedStore(inner, { keys: [first] }).compareAndSet("key", undefined, "one");
    const store = encryptedStore(inner, { keys: [second, first] });
    expect(await store.read("key")).toEqual({ version, value: "one" });
    await store.compareAndSet("key", version, "two");
    expect((await encryptedStore(inner, { keys: [second] }).read("key"))?.value).toBe("two");
  });

  it("takes a key of WebCrypto's", async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const store = encryptedStore(memoryStore(), { keys: [{ id: "kms", key }] });
    await store.compareAndSet("key", undefined, "secret");
    expect((await store.read("key"))?.value).toBe("secret");
  });

  it("gives a token cache an error of its own kind, and leaves the entry", async () => {
    const inner = memoryStore();
    const source = async (): Promise<{ access_token: string; expires_in: number }> => ({ access_token: "secret", expires_in: 60 });
    const cacheWith = (key: EncryptionKey): ReturnType<typeof createTokenCache> =>
      createTokenCache({ source, store: encryptedStore(inner, { keys: [key] }), identity: "crm", key: "subject" });
    expect((await cacheWith(first).get()).accessToken).toBe("secret");
    await expect(cacheWith(second).get()).rejects.toBeInstanceOf(StoreError);
    expect((await cacheWith(first).get()).accessToken).toBe("secret");
  });

  it.each([
    ["keys", { keys: [] }],
    ["keys", { keys: { current: first } }],
    ["keys[0].id", { keys: [{ ...first, id: "" }] }],
    ["keys[0].id", { keys: [{ ...first, id: "a.b" }] }],
    ["keys[1].id", { keys: [first, newKey("first")] }],
    ["keys[0].key", { keys: [{ id: "short", key: new Uint8Array(16) }] }],
    ["keys[0].key", { keys: [{ id: "text", key: "x".repeat(32) }] }],
    ["rollback", { keys: [first], rollback: "ignore" }],
    ["encryptedStore.key", { key: first }],
  ])("has its options checked: %s", (option, wrong) => {
    expect(() => encryptedStore(memoryStore(), wrong as never)).toThrow(InvalidOptionError);
    expect(() => encryptedStore(memoryStore(), wrong as never)).toThrow(expect.objectContaining({ option }));
  });

  it("takes no key that is too short or may not decrypt", async () => {
    const short = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt", "decrypt"]);
    const halved = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    for (const key of [short, halved]) {
      expect(() => encryptedStore(memoryStore(), { keys: [{ id: "bad", key }] })).toThrow(InvalidOptionError);
    }
    expect(() => encryptedStore({} as never, { keys: [first] })).toThrow(InvalidOptionError);
  });
});
