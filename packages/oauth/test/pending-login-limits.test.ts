import { expect, it, vi } from "vitest";
import { memoryStore, StoreError, type TokenStore, type WriteOptions } from "@tokenflight/core";
import { pendingLogins, type PendingLogin } from "@tokenflight/oauth";

const pending = (lifetime = 600_000): PendingLogin => ({
  state: "s1",
  nonce: "n",
  codeVerifier: "v".repeat(43),
  redirectUri: "https://app.example/callback",
  clientId: "id",
  expiresAt: Date.now() + lifetime,
});
const stored = async (): Promise<{ version: string; value: string }> => ({ version: "1", value: JSON.stringify(pending()) });
const callback = "/callback?code=c&state=s1";

it.each<[string, (logins: ReturnType<typeof pendingLogins>) => Promise<unknown>]>([
  ["keep", (logins) => logins.keep("ada", pending())],
  ["take", (logins) => logins.take("ada", callback)],
])("%s ends, with pauses that grow, over a store in which somebody else is always faster", async (_, ask) => {
  const writes: number[] = [];
  const logins = pendingLogins({
    read: stored,
    async compareAndSet() {
      writes.push(performance.now());
      return undefined;
    },
  });
  await expect(ask(logins)).rejects.toMatchObject({ name: "StoreError", code: "ERR_STORE_UNAVAILABLE" });
  expect(writes).toHaveLength(100);
  const time = (first: number, last: number): number => (writes[last] as number) - (writes[first] as number);
  // Each pause is a random share of one that grows, so only sums are compared.
  expect(time(70, 99)).toBeGreaterThan(3 * time(0, 8));
});

it("many processes that begin a login for one session at once all succeed, and the last one counts", async () => {
  const inner = memoryStore();
  // Each operation takes a moment, so that they overlap.
  const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  const store: TokenStore = {
    read: async (key, options) => moment().then(() => inner.read(key, options)),
    compareAndSet: async (...given) => moment().then(() => inner.compareAndSet(...given)),
  };
  await Promise.all(Array.from({ length: 20 }, () => pendingLogins(store).keep("ada", pending())));
  expect((await pendingLogins(store).take("ada", callback)).state).toBe("s1");
});

it.each([
  ["ten minutes", 600_000, 660_000],
  ["a login that is over already", -5000, 60_000],
])("tells the store how long an entry is of use: %s", async (_, lifetime, expected) => {
  const told: (number | undefined)[] = [];
  const inner = memoryStore();
  const logins = pendingLogins({
    read: inner.read,
    compareAndSet(key, version, value, options?: WriteOptions) {
      told.push(options?.ttl);
      return inner.compareAndSet(key, version, value, options);
    },
  });
  await logins.keep("ada", pending(lifetime));
  expect(told).toEqual([expect.closeTo(expected, -3)]);
});

it("keep replaces an entry that cannot be read, by its version", async () => {
  const written: unknown[][] = [];
  const logins = pendingLogins({
    read: () => Promise.reject(new StoreError("ERR_STORE_RECORD_INVALID", "A lost key.", { version: "v7" })),
    async compareAndSet(_key, ...given) {
      written.push(given.slice(0, 2));
      return "v8";
    },
  });
  await logins.keep("ada", pending());
  expect(written).toEqual([["v7", expect.stringContaining('"state":"s1"')]]);
  await expect(logins.take("ada", callback)).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
});

it("keep replaces what is no pending login", async () => {
  const store = memoryStore();
  const compareAndSet = vi.spyOn(store, "compareAndSet");
  await pendingLogins(store).keep("ada", pending());
  const [key = "", , , options] = compareAndSet.mock.lastCall ?? [];
  const entry = await store.read(key);
  await store.compareAndSet(key, entry?.version, "rubbish", options);
  await pendingLogins(store).keep("ada", pending());
  expect((await pendingLogins(store).take("ada", callback)).state).toBe("s1");
});

it.each<[string, Error]>([
  ["that does not say which version", new StoreError("ERR_STORE_RECORD_INVALID", "Rubbish.")],
  ["of a store that was closed", new StoreError("ERR_CLOSED", "The store is closed.")],
  ["of a store that is away", new StoreError("ERR_STORE_UNAVAILABLE", "Away.", { version: "v7" })],
])("keep and take pass on the error %s, as it is", async (_, error) => {
  const logins = pendingLogins({ read: () => Promise.reject(error), compareAndSet: async () => "2" });
  await expect(logins.keep("ada", pending())).rejects.toBe(error);
  await expect(logins.take("ada", callback)).rejects.toBe(error);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, "soon", undefined])("a pending login that expires %s is refused", async (expiresAt) => {
  const logins = pendingLogins(memoryStore());
  await expect(logins.keep("ada", { ...pending(), expiresAt: expiresAt as number })).rejects.toMatchObject({
    code: "ERR_INVALID_OPTION",
    option: "pending.expiresAt",
  });
});
