import { memoryStore, type TokenStore } from "@tokenflight/core";
import { pendingLogins, type PendingLogin } from "@tokenflight/oauth";
import { afterEach, expect, it, vi } from "vitest";

afterEach(() => void vi.useRealTimers());

function pending(lifetime: number): PendingLogin {
  const expiresAt = Date.now() + lifetime;
  return { state: "s1", codeVerifier: "v".repeat(43), redirectUri: "https://app.example/callback", clientId: "id", expiresAt };
}

const lifetime = 600_000;
const afterwards = 60_000;

/** Keeps what it was told to remove after a while, as a store does that has no use for `ttl`. */
interface LastingStore extends TokenStore {
  /** The keys of its entries. */
  readonly entries: Set<string>;
}

function lastingStore(): LastingStore {
  const inner = memoryStore();
  const entries = new Set<string>();
  return {
    entries,
    read: (key, options) => inner.read(key, options),
    async compareAndSet(key, expected, value) {
      const version = await inner.compareAndSet(key, expected, value);
      if (version !== undefined) entries[value === undefined ? "delete" : "add"](key);
      return version;
    },
  };
}

it("what is over leaves a store that lets no entries expire (field line 109)", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const store = lastingStore();
  const logins = pendingLogins(store);
  for (let turn = 0; turn < 50; turn += 1) await logins.keep(`abandoned ${turn}`, pending(lifetime));
  vi.setSystemTime(Date.now() + lifetime + afterwards - 1);
  await logins.keep("not over", pending(lifetime));
  expect(store.entries.size).toBe(51);
  vi.setSystemTime(Date.now() + 1);
  // Each login that is kept makes room for itself, and more.
  for (let turn = 0; turn < 25; turn += 1) await logins.keep("one user", pending(lifetime));
  expect(store.entries.size).toBe(2);
  expect((await logins.take("not over", "/callback?code=c&state=s1")).state).toBe("s1");
});

it("a store that lets entries expire is told when, and holds none that is over (field line 109)", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const store = memoryStore();
  const keys = new Set<string>();
  const told: TokenStore = {
    read: (key, options) => store.read(key, options),
    compareAndSet: (key, ...given) => (keys.add(key), store.compareAndSet(key, ...given)),
  };
  const logins = pendingLogins(told);
  for (let turn = 0; turn < 10; turn += 1) await logins.keep(`abandoned ${turn}`, pending(lifetime));
  vi.advanceTimersByTime(lifetime + afterwards + 1000);
  const left = await Promise.all(Array.from(keys, (key) => store.read(key)));
  expect(keys.size).toBe(10);
  expect(left.filter((entry) => entry !== undefined)).toEqual([]);
});

it("a login that another process has kept there meanwhile stays", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const store = lastingStore();
  const [one, other] = [pendingLogins(store), pendingLogins(store)];
  await one.keep("ada", pending(lifetime));
  vi.setSystemTime(Date.now() + lifetime + afterwards);
  await other.keep("ada", pending(lifetime));
  await one.keep("bob", pending(lifetime));
  expect((await other.take("ada", "/callback?code=c&state=s1")).state).toBe("s1");
});
