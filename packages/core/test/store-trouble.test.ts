import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { LoginRequiredError, StoreError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { FaultyStore, type Fault } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: FaultyStore;

function cache(spendsRefreshToken?: boolean): SetUp {
  return setUp({ clock, store, key: "alice", hand: new HandSource(spendsRefreshToken === undefined ? {} : { spendsRefreshToken }) });
}

async function give(all: SetUp, name: string): Promise<void> {
  await settle();
  all.hand.last.give(response(name));
  await settle();
}

function troubles({ events }: SetUp): string[] {
  return events.flatMap((event) => (event.type === "store-trouble" ? [event.operation] : []));
}

beforeAll(hashAtOnce);

beforeEach(() => {
  clock = new TestClock();
  store = new FaultyStore();
});

describe.each<[Fault, string]>([
  ["fails", "fails"],
  ["stalls", "does not answer"],
])("a store that %s", (fault) => {
  it.each(["reads", "writes"] as const)(
    "in %s lets no refresh token be sent, and the good access token stays in use",
    async (operation) => {
      const all = cache();
      await all.tokens.save(response("1"));
      store[operation] = fault;
      clock.skip(3_300_000);
      for (let seconds = 0; seconds < 260; seconds += 1) {
        expect(all.tokens.peek()?.accessToken).toBe("access-1");
        await clock.advance(1000);
      }
      clock.skip(10_000);
      const callers = Array.from({ length: 100 }, () => new Outcome(all.tokens.get()));
      await clock.advance(1000);
      expect(new Set(callers.map(({ code }) => code))).toEqual(new Set(["ERR_STORE_UNAVAILABLE"]));
      expect(callers[0]?.reason).toBeInstanceOf(StoreError);
      expect(all.hand.calls).toEqual([]);
      expect(troubles(all).length).toBeGreaterThan(0);

      store[operation] = "none";
      const healed = new Outcome(all.tokens.get());
      await give(all, "2");
      expect(healed.value?.accessToken).toBe("access-2");
    },
  );

  it.each(["reads", "writes"] as const)("in %s does not keep a source that uses nothing up from its work", async (operation) => {
    const all = cache(false);
    store[operation] = fault;
    const outcome = new Outcome(all.tokens.get());
    await clock.advance(1000);
    await give(all, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(all.hand.calls).toHaveLength(1);
    store[operation] = "none";
    clock.skip(3_600_000);
    const next = new Outcome(all.tokens.get());
    await give(all, "2");
    expect(next.value?.accessToken).toBe("access-2");
    expect(await store.record()).toMatchObject({ tokens: { access_token: "access-2" } });
  });

  it("fails a login and a logout, and what was there stays", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    store.writes = fault;
    const outcomes = [new Outcome<unknown>(all.tokens.save(response("2"))), new Outcome<unknown>(all.tokens.forget())];
    // One after the other: each takes a second at most.
    await clock.advance(2000);
    expect(outcomes.map(({ code }) => code)).toEqual(["ERR_STORE_UNAVAILABLE", "ERR_STORE_UNAVAILABLE"]);
    expect(all.tokens.peek()?.accessToken).toBe("access-1");
  });
});

describe("a store that is far away", () => {
  it("is not asked for anything while the token is fresh", async () => {
    const all = cache();
    const first = await all.tokens.save(response("1"));
    const second = await all.tokens.save(response("2"));
    const { asked } = store;
    expect(all.tokens.peek()?.accessToken).toBe(second.accessToken);
    await all.tokens.get();
    await all.tokens.get({ minValidity: 600 });
    await all.tokens.renew(first);
    all.tokens.reportReplay(second, true);
    expect(store.asked).toBe(asked);
  });

  it("is not asked at each look while a refresh ahead fails", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    clock.skip(3_300_000);
    all.tokens.peek();
    await settle();
    all.hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    const { asked } = store;
    for (let look = 0; look < 100; look += 1) {
      all.tokens.peek();
      await clock.advance(100);
    }
    // Once a second.
    expect(store.asked - asked).toBeLessThanOrEqual(10);
  });
});

describe("a source that uses nothing up, without its store", () => {
  it("is asked once by a crowd, and after a failure not before its pause is over", async () => {
    const all = cache(false);
    store.reads = "fails";
    const callers = Array.from({ length: 100 }, () => new Outcome(all.tokens.get()));
    await settle();
    expect(all.hand.calls).toHaveLength(1);
    all.hand.last.fail(new Error("no"));
    await clock.advance(300);
    callers.push(new Outcome(all.tokens.get()));
    await clock.advance(699);
    callers.push(new Outcome(all.tokens.get()));
    await settle();
    expect(callers.every(({ reason }) => reason === callers[0]?.reason)).toBe(true);
    expect(all.hand.calls).toHaveLength(1);
    await clock.advance(1);
    void all.tokens.get();
    await settle();
    expect(all.hand.calls).toHaveLength(2);
    await give(all, "1");
  });
});

describe("a store that has lost everything", () => {
  it("gets the record again with the next refresh, which uses the refresh token that is held", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    store.lose();
    clock.skip(3_600_000);
    const outcome = new Outcome(all.tokens.get());
    await settle();
    expect(all.hand.last.context.previous?.refreshToken).toBe("refresh-1");
    await give(all, "2");
    expect(outcome.value?.accessToken).toBe("access-2");
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "access-2", refresh_token: "refresh-2" } });
  });

  it("while a token request was under way gets its result", async () => {
    const all = cache();
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.lose();
    await give(all, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(await store.record()).toMatchObject({ tokens: { access_token: "access-1" } });
  });

  it("does not undo a logout that is known here", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    await all.tokens.forget();
    store.lose();
    void all.tokens.get();
    await settle();
    expect("previous" in all.hand.last.context).toBe(false);
    await give(all, "2");
  });
});

it("caches that went on without the store take the token that stands there, whatever they had counted to", async () => {
  const [first, second] = [cache(false), cache(false)];
  void first.tokens.get();
  await give(first, "0");
  await second.tokens.get();
  store.reads = "fails";
  clock.skip(3_600_000);
  void first.tokens.get();
  await settle();
  first.hand.last.give(response("1", { expires_in: 60 }));
  await settle();
  store.reads = "none";
  void second.tokens.get();
  await give(second, "2");
  clock.skip(60_000);
  expect((await first.tokens.get()).accessToken).toBe("access-2");
  expect(first.tokens.peek()?.accessToken).toBe("access-2");
  expect([first.hand.calls.length, second.hand.calls.length]).toEqual([2, 1]);
});

it("a race that was lost to a token set that is over already is not the end: the next one is asked for", async () => {
  const all = cache();
  await all.tokens.save(response("1"));
  clock.skip(3_600_000);
  const outcome = new Outcome(all.tokens.get());
  await settle();
  const over = { access_token: "access-over", refresh_token: "refresh-over", expires_at: clock.now() / 1000 - 1 };
  await store.put({ format: 1, generation: 2, tokens: over });
  await give(all, "2");
  expect(all.hand.last.context.previous?.refreshToken).toBe("refresh-over");
  await give(all, "3");
  expect(outcome.value?.accessToken).toBe("access-3");
});

describe("a result that the store does not take", () => {
  it("is written again and again, the token request is not repeated, and nobody gets the token before", async () => {
    const [all, other] = [cache(), cache()];
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.writes = "fails";
    await give(all, "1");
    await clock.advance(3000);
    expect(outcome.state).toBe("pending");
    expect(all.hand.calls).toHaveLength(1);
    store.writes = "none";
    await clock.advance(5000);
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(await store.record()).toMatchObject({ generation: 1, tokens: { access_token: "access-1" } });
    expect((await other.tokens.get()).accessToken).toBe("access-1");
    expect(all.hand.calls.length + other.hand.calls.length).toBe(1);
  });

  it("for longer than a token request may take is given out from memory, and written when the store is back", async () => {
    const all = cache();
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.writes = "fails";
    await give(all, "1");
    await clock.advance(10_000);
    expect(outcome.value?.accessToken).toBe("access-1");
    await clock.advance(60_000);
    expect(await store.record()).not.toHaveProperty("tokens");
    store.writes = "none";
    await clock.advance(5000);
    expect(await store.record()).toMatchObject({ generation: 1, tokens: { access_token: "access-1" } });
    expect(all.hand.calls).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("for longer than its intent stands for goes before whoever takes the owner for gone", async () => {
    const refusing: TokenStore = {
      read: (key) => store.read(key),
      compareAndSet: (key, expected, value) => (refuses ? Promise.reject(new Error("OOM")) : store.compareAndSet(key, expected, value)),
    };
    let refuses = false;
    const all = setUp({ clock, store: refusing, key: "alice" });
    const other = cache();
    await all.tokens.save(response("1"));
    clock.skip(3_600_000);
    void all.tokens.get();
    await settle();
    refuses = true;
    await give(all, "2");
    const owner = (await store.record())?.["intent"];
    const waiting = new Outcome(other.tokens.get());
    await clock.advance(15_200);
    // The store takes writes again: the other one's announcement is the first.
    expect((await store.record())?.["intent"]).not.toEqual(owner);
    refuses = false;
    await clock.advance(1300);
    expect(waiting.value?.accessToken).toBe("access-2");
    expect(all.hand.calls.length + other.hand.calls.length).toBe(1);
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "access-2" } });
  });

  it("counts as taken when only the reply was lost", async () => {
    const all = cache();
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.nextWrites.push("reply-lost");
    await give(all, "1");
    await clock.advance(100);
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(all.events.map(({ type }) => type)).toEqual(["refresh-started", "store-trouble", "token-obtained"]);
    expect(all.hand.calls).toHaveLength(1);
  });
});

describe("an intent whose reply was lost", () => {
  it("is not acted upon; its owner does not have to wait for itself", async () => {
    const all = cache();
    store.nextWrites.push("reply-lost");
    await expect(all.tokens.get()).rejects.toBeInstanceOf(StoreError);
    expect(all.hand.calls).toEqual([]);
    expect(await store.record()).toHaveProperty("intent");
    const next = new Outcome(all.tokens.get());
    await settle();
    expect(all.hand.calls).toHaveLength(1);
    await give(all, "1");
    expect(next.value?.accessToken).toBe("access-1");
  });

  it("keeps everybody else waiting until its deadline and the owner's last chance, and no longer", async () => {
    const [all, other] = [cache(), cache()];
    await all.tokens.save(response("0"));
    clock.skip(3_600_000);
    store.nextWrites.push("reply-lost");
    await expect(all.tokens.get()).rejects.toBeInstanceOf(StoreError);
    const outcome = new Outcome(other.tokens.get());
    await clock.advance(15_000 + 2400);
    expect(other.hand.calls).toEqual([]);
    await clock.advance(500);
    await give(other, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
  });

  it("does not keep a source that uses nothing up from its work", async () => {
    const all = cache(false);
    store.nextWrites.push("reply-lost");
    const outcome = new Outcome(all.tokens.get());
    await give(all, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
  });
});

describe("a note of a failure that the store does not take", () => {
  it.each<Fault>(["fails", "reply-lost"])("because it %s is not forgotten: a required login stays required", async (fault) => {
    const all = cache();
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.nextWrites.push(fault);
    all.hand.last.fail(new LoginRequiredError("Over.", { error: "invalid_grant" }));
    await settle();
    expect(outcome.code).toBe("ERR_LOGIN_REQUIRED");
    expect(troubles(all)).toEqual(["write"]);
    await clock.advance(60_000);
    await expect(all.tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED", error: "invalid_grant" });
    expect(all.hand.calls).toHaveLength(1);
    await all.tokens.save(response("1"));
    expect((await all.tokens.get()).accessToken).toBe("access-1");
  });

  it("does not make its own process wait for itself: what was not sent is sent again", async () => {
    const all = cache();
    const outcome = new Outcome(all.tokens.get());
    await settle();
    store.nextWrites.push("fails");
    all.hand.last.fail(new TokenRequestError("not-sent", "Connection refused."));
    await clock.advance(100);
    expect(all.hand.calls).toHaveLength(2);
    await give(all, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
  });

  it("leaves a token request of unknown fate one of unknown fate", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    clock.skip(3_300_000);
    all.tokens.peek();
    await settle();
    store.nextWrites.push("fails");
    all.hand.last.fail(new Error("reset"));
    for (let seconds = 0; seconds < 260; seconds += 1) {
      expect(all.tokens.peek()?.accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    expect(all.hand.calls).toHaveLength(1);
    clock.skip(60_000);
    void all.tokens.get();
    await settle();
    expect(all.hand.calls).toHaveLength(2);
    await give(all, "2");
  });
});

describe("a store that refuses every write, although nobody else has written", () => {
  it.each<[string, (all: SetUp) => Promise<unknown>]>([
    ["get", ({ tokens }) => tokens.get()],
    ["save", ({ tokens }) => tokens.save(response("1"))],
    ["forget", ({ tokens }) => tokens.forget()],
  ])("is given up by %s after thirty writes, and the source is not asked", async (_, call) => {
    const all = cache();
    store.writes = "loses";
    const outcome = new Outcome(call(all));
    await clock.advance(3000);
    expect(outcome.reason).toBeInstanceOf(StoreError);
    expect([outcome.code, store.asked, all.hand.calls]).toEqual(["ERR_STORE_UNAVAILABLE", 60, []]);
  });

  it("does not keep a source from its token whose use consumes nothing", async () => {
    const all = cache(false);
    store.writes = "loses";
    const outcome = new Outcome(all.tokens.get());
    await clock.advance(3000);
    await give(all, "1");
    expect([outcome.value?.accessToken, troubles(all)]).toEqual(["access-1", ["write"]]);
  });
});

describe("a store with very many writers", () => {
  it("lets every login and logout succeed, because a write that loses to another writer is repeated", async () => {
    const shared = memoryStore();
    const random = new RandomClock();
    const caches = Array.from({ length: 250 }, () => setUp({ clock: random, store: shared, key: "alice" }).tokens);
    const calls = caches.map((tokens, index) => new Outcome<unknown>(index === 249 ? tokens.save(response("login")) : tokens.forget()));
    for (let steps = 0; calls.some(({ state }) => state === "pending") && steps < 1000; steps += 1) await random.advance(10);
    expect(calls.filter(({ state }) => state !== "resolved").map(({ code }) => code)).toEqual([]);
  });

  it("lets every refresh succeed, also when nobody's token set is good enough for the next", async () => {
    const shared = memoryStore();
    let requests = 0;
    const source = async (): Promise<TokenResponse> => response(String((requests += 1)));
    const caches = Array.from({ length: 250 }, () => createTokenCache({ source, clock, store: shared, identity: "test", key: "alice" }));
    const calls = caches.map((tokens) => new Outcome(tokens.get({ minValidity: 3600 })));
    for (let seconds = 0; calls.some(({ state }) => state === "pending") && seconds < 1000; seconds += 1) await clock.advance(1000);
    expect(calls.filter(({ state }) => state !== "resolved")).toEqual([]);
  });
});
