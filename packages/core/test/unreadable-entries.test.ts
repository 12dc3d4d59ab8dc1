import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encryptedStore, type EncryptionKey } from "../src/store/encrypted-store.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { storeKey, type TokenStore } from "../src/store/store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { TestClock } from "./test-clock.ts";

const key = await storeKey("test", "alice");
const newerFormat = JSON.stringify({ format: 3, canary: true });
let store: TokenStore;

const cache = (given = store): SetUp => setUp({ clock: new TestClock(), store: given, key: "alice" });
const put = async (value: string): Promise<void> => void (await store.compareAndSet(key, (await store.read(key))?.version, value));

beforeAll(hashAtOnce);
beforeEach(() => {
  store = memoryStore();
});

describe.each([
  ["rubbish", "\0\0\0"],
  ["half a record", '{"format":1,"generation":3,"tok'],
  ["JSON of something else", '{"hello":"world"}'],
  ["a record with an unknown outcome", '{"format":1,"generation":1,"pause":{"duration":1,"begun":1,"failures":1,"outcome":"exploded"}}'],
  ["tokens that nobody can send", '{"format":1,"generation":1,"tokens":{"access_token":"a b"}}'],
  ["nothing at all", ""],
])("an entry that cannot be read: %s", (_, value) => {
  it("is told of, and its refresh token is not asked for", async () => {
    await put(value);
    const { tokens, hand } = cache();
    for (const call of [() => tokens.get(), () => tokens.reread()]) {
      await expect(call()).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
    }
    expect([tokens.peek(), hand.calls.length]).toEqual([undefined, 0]);
    expect((await store.read(key))?.value).toBe(value);
  });

  it("is replaced by a login", async () => {
    await put(value);
    const { tokens } = cache();
    await tokens.save(response("1"));
    expect((await tokens.get()).accessToken).toBe("access-1");
    expect((await cache({ ...store }).tokens.get()).accessToken).toBe("access-1");
  });

  it("is dropped by a logout, also by one who has read an earlier one", async () => {
    for (const known of [false, true]) {
      const { tokens } = cache({ ...store });
      if (known) await tokens.save(response("1"));
      await put(value);
      await tokens.forget();
      expect(JSON.parse((await store.read(key))?.value ?? "")).not.toHaveProperty("tokens");
      expect(tokens.peek()).toBeUndefined();
    }
  });
});

describe("a record of a newer format", () => {
  it.each<[string, (all: SetUp) => Promise<unknown>]>([
    ["get", ({ tokens }) => tokens.get()],
    ["save", ({ tokens }) => tokens.save(response("1"))],
    ["forget", ({ tokens }) => tokens.forget()],
    ["reread", ({ tokens }) => tokens.reread()],
  ])("is refused by %s and stays, whoever asks and whatever was known before", async (_, call) => {
    for (const known of [false, true]) {
      store = memoryStore();
      const all = cache({ read: store.read, compareAndSet: store.compareAndSet });
      if (known) {
        await all.tokens.save(response("0", { expires_in: 1 }));
        (all.clock as TestClock).skip(2000);
      }
      await put(newerFormat);
      await expect(call(all)).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining("format 3") });
      expect((await store.read(key))?.value).toBe(newerFormat);
      expect(all.hand.calls).toEqual([]);
    }
  });

  it("that comes while a token request is under way is not overwritten by its result", async () => {
    const all = cache({ read: store.read, compareAndSet: store.compareAndSet });
    await all.tokens.save(response("0"));
    const renewal = all.tokens.renew(await all.tokens.get());
    await all.clock.advance(0);
    await put(newerFormat);
    all.hand.last.give(response("1"));
    await all.clock.advance(10_000);
    expect((await renewal).accessToken).toBe("access-1");
    expect((await store.read(key))?.value).toBe(newerFormat);
  });
});

describe("an encrypted store whose key was lost", () => {
  const keyOf = (id: string): EncryptionKey => ({ id, key: crypto.getRandomValues(new Uint8Array(32)) }) as never;

  it.each<[string, (id: string) => string]>([
    ["with a new id", (id) => `${id}-new`],
    ["under the old id", (id) => id],
  ])("and replaced %s gives nothing, and is written anew by a login or a logout", async (_, next) => {
    for (const call of ["save", "forget"] as const) {
      store = memoryStore();
      await cache(encryptedStore(store, { keys: [keyOf("one")] })).tokens.save(response("secret"));
      const all = cache(encryptedStore(store, { keys: [keyOf(next("one"))] }));
      await expect(all.tokens.get()).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
      await (call === "save" ? all.tokens.save(response("1")) : all.tokens.forget());
      expect(all.tokens.peek()?.accessToken).toBe(call === "save" ? "access-1" : undefined);
      await all.tokens.save(response("2"));
      expect((await all.tokens.get()).accessToken).toBe("access-2");
    }
  });
});
