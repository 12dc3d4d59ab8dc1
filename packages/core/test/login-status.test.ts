import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: MemoryStore;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = memoryStore();
});

type Traits = Pick<TokenSource, "requiresLogin">;
function cache({ requiresLogin }: Traits = {}, where: "in a store" | "alone" = "in a store"): SetUp {
  const hand = new HandSource();
  if (requiresLogin !== undefined) hand.source.requiresLogin = requiresLogin;
  return setUp({ clock, hand, ...(where === "alone" ? {} : { store, key: "alice" }) });
}

async function refuse({ tokens, hand }: SetUp): Promise<void> {
  void tokens.get({ minValidity: 1e6 }).catch(() => {});
  await settle();
  hand.last.fail(new LoginRequiredError("Over."));
  await settle();
}

/** What has happened, and what each kind of source means by it: it needs a login, it needs none, it has not said. */
const histories: [string, (all: SetUp) => Promise<unknown>, [string, string, string]][] = [
  ["nothing", async ({ tokens }) => tokens.reread(), ["logged-out", "logged-in", "unknown"]],
  ["a login", ({ tokens }) => tokens.save(response("1")), ["logged-in", "logged-in", "logged-in"]],
  [
    "a login without a refresh token",
    ({ tokens }) => tokens.save({ access_token: "a", expires_in: 60 }),
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a login that has expired, with a refresh token",
    async ({ tokens }) => {
      await tokens.save(response("1"));
      clock.skip(3_600_000);
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a login that has expired, without one",
    async ({ tokens }) => {
      await tokens.save({ access_token: "a", expires_in: 60 });
      clock.skip(60_000);
    },
    ["logged-out", "logged-in", "logged-in"],
  ],
  [
    "a login that never expires",
    async ({ tokens }) => {
      await tokens.save({ access_token: "a" });
      clock.skip(1e12);
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a logout",
    async ({ tokens }) => {
      await tokens.save(response("1"));
      await tokens.forget();
    },
    ["logged-out", "logged-in", "logged-out"],
  ],
  [
    "a token that a resource server refused, before there is another one",
    async ({ tokens }) => {
      void tokens.renew(await tokens.save(response("1"))).catch(() => {});
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a token without a refresh token that a resource server refused, before there is another one",
    async ({ tokens }) => {
      void tokens.renew(await tokens.save({ access_token: "a", expires_in: 60 })).catch(() => {});
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a token without a refresh token that a resource server refused while no token can be had, so that it is sent on",
    async (all) => {
      const tokenSet = await all.tokens.save({ access_token: "a", expires_in: 60 });
      void all.tokens.renew(tokenSet).catch(() => {});
      await settle();
      all.hand.last.fail(new TokenRequestError("unknown", "Away."));
      await settle();
      expect(await all.tokens.get()).toBe(tokenSet);
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a session that is over, whose access token a resource server refused",
    async (all) => {
      void all.tokens.renew(await all.tokens.save(response("1"))).catch(() => {});
      await settle();
      all.hand.last.fail(new LoginRequiredError("Over."));
      await settle();
      await expect(all.tokens.get()).rejects.toThrow(LoginRequiredError);
    },
    ["logged-out", "logged-out", "logged-out"],
  ],
  [
    "a session that is over, whose access token is good still",
    async (all) => {
      await all.tokens.save(response("1"));
      await refuse(all);
    },
    ["logged-in", "logged-in", "logged-in"],
  ],
  [
    "a session that is over, and its access token too",
    async (all) => {
      await all.tokens.save(response("1"));
      await refuse(all);
      clock.skip(3_600_000);
    },
    ["logged-out", "logged-out", "logged-out"],
  ],
  ["a refusal at once", refuse, ["logged-out", "logged-out", "logged-out"]],
];

describe.each(histories)("the status after %s", (_, happen, expected) => {
  it.each([
    ["that needs a login", { requiresLogin: true }, expected[0]],
    ["that needs none", { requiresLogin: false }, expected[1]],
    ["that has not said", {}, expected[2]],
  ])("with a source %s", async (_, traits, state) => {
    for (const where of ["in a store", "alone"] as const) {
      store = memoryStore();
      const all = cache(traits, where);
      await happen(all);
      expect([where, all.tokens.status().state]).toEqual([where, state]);
    }
  });
});

describe("the status", () => {
  it("is unknown before the store was looked at, whatever stands there", async () => {
    await cache().tokens.save(response("1"));
    store = { ...store };
    const other = cache({ requiresLogin: true });
    expect(other.tokens.status()).toEqual({ state: "unknown", expiresAt: undefined, scope: undefined });
    expect((await other.tokens.reread())?.accessToken).toBe("access-1");
    expect(other.tokens.status()).toMatchObject({ state: "logged-in" });
    expect(other.hand.calls).toEqual([]);
  });

  it("has the expiry and the scope, and no secret", async () => {
    const { tokens } = cache();
    const { expiresAt } = await tokens.save(response("1", { scope: "read write" }));
    const status = tokens.status();
    expect(status).toEqual({ state: "logged-in", expiresAt, scope: "read write" });
    expect(JSON.stringify(status)).not.toMatch(/access-|refresh-/);
    clock.skip(3_600_000);
    expect(tokens.status()).toEqual({ state: "logged-in", expiresAt, scope: "read write" });
    await tokens.forget();
    expect(tokens.status()).toEqual({ state: "logged-out", expiresAt: undefined, scope: undefined });
  });

  it("follows a login and a logout in another cache of the process at once, without a look", async () => {
    const [mine, theirs] = [cache(), cache()];
    await theirs.tokens.save(response("1"));
    await mine.tokens.reread();
    const { read } = store;
    store.read = () => Promise.reject(new Error("looked"));
    expect(mine.tokens.status().state).toBe("logged-in");
    store.read = read;
    await theirs.tokens.forget();
    store.read = () => Promise.reject(new Error("looked"));
    expect(mine.tokens.status().state).toBe("logged-out");
  });

  it("asks nobody, and starts nothing", async () => {
    const faulty = new FaultyStore();
    const { tokens, hand } = setUp({ clock, store: faulty, key: "alice" });
    await tokens.save(response("1"));
    clock.skip(3_400_000);
    const { asked } = faulty;
    for (let looks = 0; looks < 100; looks += 1) tokens.status();
    await settle();
    expect([faulty.asked, hand.calls.length]).toEqual([asked, 0]);
  });
});

describe("reread", () => {
  it("gives what stands in the store now, and asks nobody", async () => {
    const [mine, theirs] = [cache(), setUp({ clock, store: { read: store.read, compareAndSet: store.compareAndSet }, key: "alice" })];
    expect(await mine.tokens.reread()).toBeUndefined();
    await theirs.tokens.save(response("1"));
    expect((await mine.tokens.reread())?.accessToken).toBe("access-1");
    await theirs.tokens.save(response("2"));
    expect((await mine.tokens.reread())?.accessToken).toBe("access-2");
    await theirs.tokens.forget();
    expect(await mine.tokens.reread()).toBeUndefined();
    expect(mine.hand.calls).toEqual([]);
    expect(mine.events.map(({ type }) => type)).toEqual(["token-adopted", "token-adopted", "token-forgotten"]);
  });

  it("gives nothing of a token set that is over, and starts nothing", async () => {
    const { tokens, hand } = cache();
    await tokens.save(response("1"));
    clock.skip(3_600_000);
    expect(await tokens.reread()).toBeUndefined();
    await settle();
    expect(hand.calls).toEqual([]);
  });

  it("rejects when the store is away, and changes nothing", async () => {
    const { tokens } = cache();
    await tokens.save(response("1"));
    const { read } = store;
    store.read = () => Promise.reject(new Error("away"));
    await expect(tokens.reread()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    expect(tokens.peek()?.accessToken).toBe("access-1");
    store.read = read;
  });

  it("without a store gives what is in memory", async () => {
    const { tokens } = cache({}, "alone");
    expect(await tokens.reread()).toBeUndefined();
    await tokens.save(response("1"));
    expect((await tokens.reread())?.accessToken).toBe("access-1");
  });
});
