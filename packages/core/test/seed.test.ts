import { describe, expect, it, vi } from "vitest";
import { InvalidTokenResponseError, LoginRequiredError, StoreError } from "../src/errors/refresh-errors.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { StrictServer } from "./strict-server.ts";
import { RandomClock, settle } from "./test-clock.ts";

hashAtOnce();

const seed = { refresh_token: "seed" };
const login = (): HandSource => new HandSource({ requiresLogin: true });

/** The refresh token that the next token request has. */
async function nextRefreshToken({ tokens, hand }: SetUp): Promise<string | undefined> {
  const asked = hand.calls.length;
  const got = tokens.get();
  await settle();
  if (hand.calls.length === asked) return got.then(() => "none was sent");
  const { previous } = hand.last.context;
  hand.last.give(response(`after-${previous?.refreshToken}`));
  await got;
  return previous?.refreshToken;
}

/** The authorization server says that the refresh token is dead. */
async function endLogin({ tokens, hand, clock }: SetUp): Promise<void> {
  await clock.advance(7_200_000);
  const got = new Outcome(tokens.get());
  await settle();
  hand.last.fail(new LoginRequiredError("Over.", { error: "invalid_grant" }));
  await settle();
  expect(got.code).toBe("ERR_LOGIN_REQUIRED");
}

describe.each([
  ["in memory", () => ({})],
  ["in a store", () => ({ store: memoryStore(), key: "user" })],
])("a seed, %s (field line 103)", (_, place) => {
  const start = (): SetUp => setUp({ clock: new RandomClock(), hand: login(), ...place() });

  it("begins the login where there is none, and is told as saved", async () => {
    const all = start();
    expect(await all.tokens.seed(seed)).toBe(true);
    expect(all.events).toMatchObject([{ type: "token-saved", generation: 1 }]);
    expect(all.tokens.peek()).toBeUndefined();
    expect(all.tokens.status().state).toBe("logged-in");
    expect(await nextRefreshToken(all)).toBe("seed");
    expect(all.tokens.peek()?.accessToken).toBe("access-after-seed");
  });

  it("with an access token is sent at once", async () => {
    const { tokens, hand } = start();
    expect(await tokens.seed(response("1"))).toBe(true);
    expect((await tokens.get()).accessToken).toBe("access-1");
    expect(hand.calls).toHaveLength(0);
  });

  it.each([
    ["the same", seed],
    ["another", { refresh_token: "other" }],
    ["one with an access token", response("other")],
  ])("%s is not taken while there is a login, refreshed or not", async (__, again) => {
    const all = start();
    await all.tokens.seed(seed);
    expect(await all.tokens.seed(again)).toBe(false);
    expect(await nextRefreshToken(all)).toBe("seed");
    expect(await all.tokens.seed(again)).toBe(false);
    await all.clock.advance(7_200_000);
    expect(await all.tokens.seed(again)).toBe(false);
    expect(await nextRefreshToken(all)).toBe("refresh-after-seed");
    expect(all.events.filter(({ type }) => type === "token-saved")).toHaveLength(1);
  });

  it("is not taken in place of a login that was saved", async () => {
    const all = start();
    await all.tokens.save({ refresh_token: "saved" });
    expect(await all.tokens.seed(seed)).toBe(false);
    expect(await nextRefreshToken(all)).toBe("saved");
  });

  it("that began a login which is over is not sent again; another one begins a new login", async () => {
    const all = start();
    await all.tokens.seed(seed);
    await endLogin(all);
    const sent = all.hand.calls.length;
    expect(await all.tokens.seed(seed)).toBe(false);
    await expect(all.tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect(all.hand.calls).toHaveLength(sent);
    expect(await all.tokens.seed({ refresh_token: "new" })).toBe(true);
    expect(await nextRefreshToken(all)).toBe("new");
  });

  it("is not taken once more after a logout; another one is", async () => {
    const all = start();
    await all.tokens.seed(seed);
    await all.tokens.forget();
    expect(await all.tokens.seed(seed)).toBe(false);
    expect(all.tokens.status().state).toBe("logged-out");
    expect(await all.tokens.seed({ refresh_token: "new" })).toBe(true);
    expect(await nextRefreshToken(all)).toBe("new");
  });

  it("is not sent a second time when the login that was saved after it is over, too", async () => {
    const all = start();
    await all.tokens.seed(seed);
    await all.tokens.save(response("saved"));
    await endLogin(all);
    expect(await all.tokens.seed(seed)).toBe(false);
    expect(await all.tokens.seed({ refresh_token: "new" })).toBe(true);
  });

  it("of the last eight that were used is not taken once more, whatever came after it, and however the login ended", async () => {
    const all = start();
    const used: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      const name = `seed-${index}`;
      expect([name, await all.tokens.seed({ refresh_token: name })]).toEqual([name, true]);
      used.push(name);
      if (index % 3 === 1) await all.tokens.save(response(`saved-${index}`));
      if (index % 2 === 0) await endLogin(all);
      else await all.tokens.forget();
      for (const each of used) expect([each, await all.tokens.seed({ refresh_token: each })]).toEqual([each, false]);
    }
    // What is remembered is bounded: the oldest one goes.
    expect(await all.tokens.seed({ refresh_token: "seed-8" })).toBe(true);
    await endLogin(all);
    for (const each of used.slice(1)) expect([each, await all.tokens.seed({ refresh_token: each })]).toEqual([each, false]);
    expect(await all.tokens.seed({ refresh_token: "seed-8" })).toBe(false);
  });

  it.each(["seed\n", " seed", "\tseed \r\n", "seed\u00a0"])("is the same with white space around it: %j", async (spelled) => {
    for (const [first, second] of [
      ["seed", spelled],
      [spelled, "seed"],
    ] as const) {
      const all = start();
      expect(await all.tokens.seed({ refresh_token: first })).toBe(true);
      expect(await nextRefreshToken(all)).toBe("seed");
      await all.tokens.forget();
      expect(await all.tokens.seed({ refresh_token: second })).toBe(false);
      expect(await all.tokens.seed({ refreshToken: ` ${second}` })).toBe(false);
    }
    const all = start();
    const token = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0, expiresAt: 1, refreshToken: spelled });
    expect(await all.tokens.seed(token)).toBe(true);
    expect(await nextRefreshToken(all)).toBe("seed");
    await all.tokens.forget();
    expect(await all.tokens.seed({ access_token: spelled, refresh_token: "r" })).toBe(true);
    expect((await all.tokens.get()).accessToken).toBe("seed");
  });

  it("is taken in place of a login that was saved and is over", async () => {
    const all = start();
    await all.tokens.save(response("saved"));
    await endLogin(all);
    expect(await all.tokens.seed(seed)).toBe(true);
    expect(await nextRefreshToken(all)).toBe("seed");
  });

  it("is not taken during a refresh that goes on", async () => {
    const all = start();
    await all.tokens.save({ refresh_token: "saved" });
    const got = new Outcome(all.tokens.get());
    await settle();
    expect(await all.tokens.seed(seed)).toBe(false);
    all.hand.last.give(response("1"));
    await settle();
    expect(got.value?.accessToken).toBe("access-1");
  });

  it("is followed by `save` in the order of the calls, and `save` wins either way", async () => {
    for (const order of [
      ["seed", "save"],
      ["save", "seed"],
    ] as const) {
      const all = start();
      await Promise.all(order.map((name) => all.tokens[name]({ refresh_token: name })));
      expect(await nextRefreshToken(all)).toBe("save");
    }
  });

  it("that is no token set is refused, and shows nothing", async () => {
    const { tokens } = start();
    for (const given of [
      {},
      { refresh_token: "" },
      { refresh_token: " \n" },
      { refresh_token: 5 },
      { access_token: "two canaries" },
      null,
      "canary",
    ]) {
      const error = await tokens.seed(given as never).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InvalidTokenResponseError);
      expect(String(error)).not.toContain("canar");
    }
    expect(tokens.status().state).not.toBe("logged-in");
  });

  it("tells fields of no use, and a login that nothing can refresh", async () => {
    const { tokens, events } = start();
    await tokens.seed({ access_token: "a", expires_in: -1 });
    expect(events.map(({ type }) => type)).toEqual(["fields-ignored", "token-saved", "no-refresh-token"]);
  });

  it("may be a token set", async () => {
    const all = start();
    const given = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0, expiresAt: 1000, refreshToken: "seed" });
    expect(await all.tokens.seed(given)).toBe(true);
    expect(await nextRefreshToken(all)).toBe("seed");
  });

  it("is refused by a closed cache", async () => {
    const { createTokenCache } = await import("../src/cache/create-token-cache.ts");
    const tokens = createTokenCache({ source: login().source, ...place() });
    await tokens.close();
    await expect(tokens.seed(seed)).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });
});

describe("a seed over a shared store (field line 103)", () => {
  it("is not spent at the second start of the program, nor at any later one", async () => {
    const store = memoryStore();
    const clock = new RandomClock();
    const server = new StrictServer();
    const first = server.logIn();
    for (let start = 0; start < 10; start += 1) {
      const source: TokenSource = Object.assign(
        async ({ previous }: { previous?: TokenSet }) => server.refresh(previous?.refreshToken, "answered"),
        { identity: "strict", requiresLogin: true },
      );
      const { tokens } = setUp({ store, key: "user", clock, source });
      expect(await tokens.seed({ refresh_token: first.refresh_token })).toBe(start === 0);
      expect((await tokens.get()).accessToken).toBe(`access-${start + 2}`);
      await clock.advance(700_000);
    }
    expect(server.seenTwice).toEqual([]);
  });

  it("is taken once when many caches begin at once, and all use what it brought", async () => {
    const store = memoryStore();
    const clock = new RandomClock();
    const hands = Array.from({ length: 5 }, login);
    const all = hands.map((hand) => setUp({ store, key: "user", clock, hand }));
    const taken = await Promise.all(all.map(({ tokens }) => tokens.seed(seed)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const got = Promise.all(all.map(({ tokens }) => tokens.get()));
    await settle();
    const asked = hands.filter(({ calls }) => calls.length > 0);
    expect(asked).toHaveLength(1);
    asked[0]?.last.give(response("1"));
    await clock.advance(1000);
    expect((await got).map(({ accessToken }) => accessToken)).toEqual(Array.from({ length: 5 }, () => "access-1"));
  });

  it("of two that differ, at once, begins the login; the other one is left alone", async () => {
    const store = memoryStore();
    const clock = new RandomClock();
    const [one, two] = [setUp({ store, key: "user", clock, hand: login() }), setUp({ store, key: "user", clock, hand: login() })];
    const taken = await Promise.all([one.tokens.seed({ refresh_token: "one" }), two.tokens.seed({ refresh_token: "two" })]);
    expect(taken.toSorted()).toEqual([false, true]);
    expect(await nextRefreshToken(taken[0] ? two : one)).toBe(taken[0] ? "one" : "two");
  });

  it("is remembered as a hash: no refresh token that was spent stands in the store", async () => {
    const store = memoryStore();
    const write = vi.spyOn(store, "compareAndSet");
    const all = setUp({ store, key: "user", clock: new RandomClock(), hand: login() });
    await all.tokens.seed({ refresh_token: "canary-refresh-token" });
    expect(await nextRefreshToken(all)).toBe("canary-refresh-token");
    const record = write.mock.lastCall?.[2];
    expect(record).toContain("refresh-after-canary-refresh-token");
    expect(record?.replaceAll("after-canary-refresh-token", "")).not.toContain("canary");
    expect(JSON.parse(record ?? "")).toMatchObject({ seed: expect.stringMatching(/^[\w-]{8,}$/) });
  });

  it("is remembered for as long as the entry is there, which has no end, whatever becomes of the login", async () => {
    const ways: [string, (all: SetUp) => Promise<unknown>][] = [
      ["a logout", ({ tokens }) => tokens.forget()],
      ["an end", endLogin],
      ["a login without a refresh token", ({ tokens }) => tokens.save({ access_token: "a", expires_in: 60 })],
      ["nothing", async () => {}],
    ];
    for (const given of [seed, { access_token: "seed", expires_in: 60 }]) {
      for (const [way, end] of ways) {
        if (way === "an end" && given !== seed) continue;
        const store = memoryStore();
        const write = vi.spyOn(store, "compareAndSet");
        const all = setUp({ store, key: "user", clock: new RandomClock(), hand: login() });
        await all.tokens.seed(given);
        await end(all);
        expect(write.mock.calls.map(([, , , options]) => [way, options?.ttl])).toEqual(write.mock.calls.map(() => [way, undefined]));
      }
    }
  });

  it("is refused, and nothing is written, while the store is away or its entry cannot be read", async () => {
    const store = new FaultyStore();
    const { tokens, clock } = setUp({ store, key: "user", hand: login() });
    store.reads = "fails";
    await expect(tokens.seed(seed)).rejects.toBeInstanceOf(StoreError);
    store.reads = "none";
    await tokens.save(response("1"));
    await store.put({ format: 1, generation: "odd" });
    await clock.advance(60_000);
    await expect(setUp({ store, key: "user", clock, hand: login() }).tokens.seed(seed)).rejects.toMatchObject({
      code: "ERR_STORE_RECORD_INVALID",
    });
    expect(await store.record()).toEqual({ format: 1, generation: "odd" });
  });

  it("whose reply was lost is not taken a second time", async () => {
    const store = new FaultyStore();
    const all = setUp({ store, key: "user", clock: new RandomClock(), hand: login() });
    store.nextWrites.push("reply-lost");
    await expect(all.tokens.seed(seed)).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    expect(await all.tokens.seed(seed)).toBe(false);
    expect(await nextRefreshToken(all)).toBe("seed");
  });

  it("is taken by a source that says nothing of logins, after a logout too", async () => {
    const hand = new HandSource();
    const all = setUp({ store: memoryStore(), key: "user", clock: new RandomClock(), hand });
    expect(await all.tokens.seed(seed)).toBe(true);
    await all.tokens.forget();
    expect(await all.tokens.seed({ refresh_token: "new" })).toBe(true);
    expect(await nextRefreshToken(all)).toBe("new");
  });
});

describe("a login that is saved with nothing but its refresh token (field line 103)", () => {
  it.each([null, undefined, ""])("and an access token of %j is used at the next request", async (access_token) => {
    const all = setUp({ hand: login() });
    const saved = await all.tokens.save({ refresh_token: "r", access_token });
    expect([saved.accessToken, saved.refreshToken]).toEqual(["", "r"]);
    expect(all.tokens.peek()).toBeUndefined();
    expect(all.tokens.status()).toEqual({ state: "logged-in", expiresAt: undefined, scope: undefined });
    expect(await nextRefreshToken(all)).toBe("r");
  });

  it("replaces what was there, always, and no access token of the old login is given any more", async () => {
    const store = memoryStore();
    const clock = new RandomClock();
    const [one, two] = [setUp({ store, key: "user", clock, hand: login() }), setUp({ store, key: "user", clock, hand: login() })];
    await one.tokens.save(response("old"));
    expect((await two.tokens.get()).accessToken).toBe("access-old");
    await one.tokens.save({ refresh_token: "new" });
    expect([one.tokens.peek(), two.tokens.peek()]).toEqual([undefined, undefined]);
    expect(await nextRefreshToken(two)).toBe("new");
    expect((await one.tokens.get()).accessToken).toBe("access-after-new");
  });

  it("is adopted by another cache without a word of an access token", async () => {
    const store = memoryStore();
    const clock = new RandomClock();
    const [one, two] = [setUp({ store, key: "user", clock, hand: login() }), setUp({ store, key: "user", clock, hand: login() })];
    await one.tokens.save({ refresh_token: "r" });
    expect(await two.tokens.reread()).toBeUndefined();
    expect(two.tokens.status()).toEqual({ state: "logged-in", expiresAt: undefined, scope: undefined });
    expect(two.events).toEqual([]);
  });

  it("has to have one of the two", async () => {
    const { tokens } = setUp();
    await expect(tokens.save({})).rejects.toThrow("There is neither a refresh_token nor an access_token.");
  });
});

it("a seed may be an object of another library's, whose type is an interface", async () => {
  /** As google-auth-library declares it. */
  interface Credentials {
    refresh_token?: string | null;
    expiry_date?: number | null;
    access_token?: string | null;
    token_type?: string | null;
    id_token?: string | null;
    scope?: string;
  }
  const stored: Credentials = { refresh_token: "refresh", access_token: "access", expiry_date: Date.now() + 600_000 };
  const { tokens } = setUp();
  expect(await tokens.seed(stored)).toBe(true);
  expect((await tokens.save(stored)).expiresAt).toBe(stored.expiry_date);
});

it.each([0, 1, 500])("a login of which only a refresh token is known gives no empty token, be the clock at %i", async (now) => {
  const clock = new RandomClock();
  clock.now = () => now;
  const { tokens, hand } = setUp({ clock });
  await tokens.save({ refresh_token: "refresh" });
  expect([tokens.peek(), tokens.status().state]).toEqual([undefined, "logged-in"]);
  const got = new Outcome(tokens.get());
  await settle();
  hand.last.give(response("1"));
  await settle();
  expect(got.value?.accessToken).toBe("access-1");
});
