import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LoginRequiredError, StoreError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: TokenStore;

/** A cache as another process has it: of its own but for the store. */
function cache(key = "alice", identity?: string, given: TokenStore = store): SetUp {
  return setUp({ clock, store: given, key, hand: new HandSource(identity === undefined ? {} : { identity }) });
}

async function give(all: SetUp, name: string, fields?: Partial<TokenResponse>): Promise<void> {
  await settle();
  all.hand.last.give(response(name, fields));
  await settle();
}

beforeAll(hashAtOnce);

beforeEach(() => {
  clock = new TestClock();
  store = memoryStore();
});

describe("caches that share a store", () => {
  it("send one token request for all their callers together, and the others adopt its token", async () => {
    const [first, ...others] = [cache(), cache(), cache()];
    const callers = [first, ...others].flatMap(({ tokens }) => Array.from({ length: 300 }, () => new Outcome(tokens.get())));
    await give(first as SetUp, "1");
    await clock.advance(200);
    expect(callers.every(({ value }) => value?.accessToken === "access-1")).toBe(true);
    expect(others.map(({ hand }) => hand.calls.length)).toEqual([0, 0]);
    expect(first?.hand.calls).toHaveLength(1);
    expect(others.map(({ events }) => events.map(({ type }) => type))).toEqual([["token-adopted"], ["token-adopted"]]);
    expect(others[0]?.tokens.peek()?.expiresAt).toBe(first?.tokens.peek()?.expiresAt);
    expect(others[0]?.tokens.peek()?.refreshToken).toBe("refresh-1");
  });

  it("adopt a token that has been there for long, and ask for nothing", async () => {
    const first = cache();
    await first.tokens.save(response("1", { sid: "s", scope: "read" }));
    await clock.advance(600_000);
    const second = cache();
    const { accessToken, scope, extra, expiresAt } = await second.tokens.get();
    expect([accessToken, scope, extra["sid"]]).toEqual(["access-1", "read", "s"]);
    expect(expiresAt).toBe(first.tokens.peek()?.expiresAt);
    expect(second.hand.calls).toEqual([]);
    expect(second.tokens.peek()).toBeDefined();
  });

  it("refresh ahead once, whichever comes first", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    await second.tokens.get();
    clock.skip(3_300_000);
    second.tokens.peek();
    await settle();
    first.tokens.peek();
    await settle();
    expect([first.hand.calls.length, second.hand.calls.length]).toEqual([0, 1]);
    await give(second, "2");
    await clock.advance(200);
    expect([first.tokens.peek()?.accessToken, second.tokens.peek()?.accessToken]).toEqual(["access-2", "access-2"]);
  });

  it("renew a refused token once, however late the other one hears of it", async () => {
    const [first, second] = [cache(), cache()];
    const refused = await first.tokens.save(response("1"));
    const adopted = await second.tokens.get();
    const renewed = new Outcome(first.tokens.renew(refused));
    await give(first, "2");
    clock.skip(60_000);
    expect((await second.tokens.renew(adopted)).accessToken).toBe("access-2");
    expect([renewed.value?.accessToken, first.hand.calls.length, second.hand.calls.length]).toEqual(["access-2", 1, 0]);
  });

  it("never meet under another key or with another source identity", async () => {
    const all = [cache("alice"), cache("bob"), cache("alice", "https://issuer.example"), cache("alice", "https://other.example")];
    const callers = all.map(({ tokens }) => new Outcome(tokens.get()));
    await settle();
    for (const [index, each] of all.entries()) await give(each, String(index));
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-0", "access-1", "access-2", "access-3"]);
    const later = [cache("alice"), cache("bob"), cache("alice", "https://issuer.example"), cache("alice", "https://other.example")];
    expect(await Promise.all(later.map(async ({ tokens }) => (await tokens.get()).accessToken))).toEqual([
      "access-0",
      "access-1",
      "access-2",
      "access-3",
    ]);
  });

  it("give a caller who wants a longer validity more than the short token that another caller was content with", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("short", { expires_in: 60 }));
    const content = new Outcome(second.tokens.get());
    const demanding = Array.from({ length: 100 }, () => new Outcome(second.tokens.get({ minValidity: 600 })));
    await settle();
    expect(content.value?.accessToken).toBe("access-short");
    expect(second.hand.calls).toHaveLength(1);
    await give(second, "long");
    expect(demanding.every(({ value }) => value?.accessToken === "access-long")).toBe(true);
    expect(second.hand.calls).toHaveLength(1);
  });

  it("all need a login when one was told so, and ask no more", async () => {
    const [first, second] = [cache(), cache()];
    const outcome = new Outcome(first.tokens.get());
    await settle();
    first.hand.last.fail(new LoginRequiredError("Over.", { error: "invalid_grant" }));
    await settle();
    expect(outcome.code).toBe("ERR_LOGIN_REQUIRED");
    await clock.advance(86_400_000);
    await expect(second.tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED", error: "invalid_grant" });
    expect(second.hand.calls).toEqual([]);
    await second.tokens.save(response("1"));
    expect((await first.tokens.get()).accessToken).toBe("access-1");
  });

  it("wait together after a failure", async () => {
    const [first, second] = [cache(), cache()];
    const outcome = new Outcome(first.tokens.get());
    await settle();
    first.hand.last.fail(new Error("no"));
    await settle();
    expect(outcome.state).toBe("rejected");
    await expect(second.tokens.get()).rejects.toMatchObject({ outcome: "unknown", retryAfter: 1000 });
    expect(second.hand.calls).toEqual([]);
    await clock.advance(1000);
    const next = new Outcome(second.tokens.get());
    await give(second, "1");
    expect(next.value?.accessToken).toBe("access-1");
  });

  it("wait out a Retry-After together, and one of them asks", async () => {
    const [first, second] = [cache(), cache()];
    const outcomes = [new Outcome(first.tokens.get())];
    await settle();
    first.hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 2000 }));
    await settle();
    outcomes.push(new Outcome(second.tokens.get()));
    await clock.advance(2000);
    expect(first.hand.calls.length + second.hand.calls.length).toBe(2);
    await give(first.hand.calls.length === 2 ? first : second, "1");
    await clock.advance(200);
    expect(outcomes.map(({ value }) => value?.accessToken)).toEqual(["access-1", "access-1"]);
  });

  it("take the winner's token when their own refresh token was refused in a race that was lost", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1", { expires_in: 2 }));
    clock.skip(2000);
    const outcome = new Outcome(first.tokens.get());
    await settle();
    await second.tokens.save(response("2"));
    first.hand.last.fail(new LoginRequiredError("Over.", { error: "invalid_grant" }));
    await settle();
    expect(outcome.value?.accessToken).toBe("access-2");
    expect(first.events.some(({ type }) => type === "login-required")).toBe(false);
  });

  it("forget together: nobody refreshes with the refresh token of the session that is over", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    await second.tokens.get();
    await first.tokens.forget();
    clock.skip(3_600_000);
    void second.tokens.get();
    await settle();
    expect("previous" in second.hand.last.context).toBe(false);
    await give(second, "2");
  });
});

describe("an intent whose owner is gone", () => {
  let faulty: FaultyStore;
  let all: SetUp[];

  beforeEach(async () => {
    faulty = new FaultyStore();
    store = faulty;
    await cache().tokens.save(response("1"));
    clock.skip(3_300_000);
    // Nothing was ever heard again of the one who wrote it.
    await faulty.put({ ...(await faulty.record()), intent: { owner: "gone", deadline: 15_000 } });
    all = [cache(), cache(), cache()];
  });

  const calls = (): number => all.reduce((sum, { hand }) => sum + hand.calls.length, 0);

  it("is left alone until its deadline; then exactly one of many takes over", async () => {
    clock.skip(300_000);
    const callers = all.map(({ tokens }) => new Outcome(tokens.get()));
    // Its deadline, and a quarter of a request's timeout in which an owner that is alive after all may write its result.
    await clock.advance(15_000 + 2400);
    expect(calls()).toBe(0);
    await clock.advance(500);
    expect(calls()).toBe(1);
    const taker = all.find(({ hand }) => hand.calls.length === 1);
    expect(taker?.hand.last.context.previous?.refreshToken).toBe("refresh-1");
    await clock.advance(5000);
    expect(calls()).toBe(1);
    await give(taker as SetUp, "2");
    await clock.advance(200);
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-2", "access-2", "access-2"]);
  });

  it("is not taken over ahead: the refresh token may be used up, and the old access token is still good", async () => {
    for (const { tokens } of all) expect((await tokens.get()).accessToken).toBe("access-1");
    for (let seconds = 0; seconds < 260; seconds += 1) {
      for (const { tokens } of all) expect(tokens.peek()?.accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    expect(calls()).toBe(0);
    clock.skip(10_000);
    const callers = all.map(({ tokens }) => new Outcome(tokens.get()));
    for (let step = 0; step < 160 && calls() === 0; step += 1) await clock.advance(100);
    await clock.advance(5000);
    expect(calls()).toBe(1);
    await give(all.find(({ hand }) => hand.calls.length === 1) as SetUp, "2");
    await clock.advance(200);
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-2", "access-2", "access-2"]);
  });

  it("is taken over ahead by a source that uses nothing up", async () => {
    const first = setUp({ clock, store: new FaultyStore(), key: "k", hand: new HandSource({ spendsRefreshToken: false }) });
    await first.tokens.save(response("1"));
    clock.skip(3_300_000);
    first.tokens.peek();
    await settle();
    first.hand.last.fail(new Error("no"));
    await clock.advance(1000);
    first.tokens.peek();
    await settle();
    expect(first.hand.calls).toHaveLength(2);
    await give(first, "2");
  });
});

describe("a refresh token that still works for a while after its use", () => {
  const graceful = (): SetUp => setUp({ clock, store, key: "k", hand: new HandSource({ refreshTokenGrace: 30 }) });

  it("is sent again ahead, once its owner counts as gone: later it would be too late", async () => {
    const [gone, left] = [graceful(), graceful()];
    await gone.tokens.save(response("1"));
    await left.tokens.get();
    clock.skip(3_300_000);
    gone.tokens.peek();
    await settle();
    for (let seconds = 0; seconds < 20 && left.hand.calls.length === 0; seconds += 1) {
      expect(left.tokens.peek()?.accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    expect([gone.hand.calls.length, left.hand.calls.length]).toEqual([1, 1]);
    expect(left.hand.last.context).toMatchObject({ urgency: "ahead", previous: { refreshToken: "refresh-1" } });
    await give(left, "2");
    expect(left.tokens.peek()?.accessToken).toBe("access-2");
  });

  it("is sent again ahead after a request of unknown fate, after the pause", async () => {
    const first = graceful();
    await first.tokens.save(response("1"));
    clock.skip(3_300_000);
    first.tokens.peek();
    await settle();
    first.hand.last.fail(new Error("reset"));
    await settle();
    first.tokens.peek();
    expect(first.hand.calls).toHaveLength(1);
    await clock.advance(1100);
    first.tokens.peek();
    await settle();
    expect(first.hand.calls).toHaveLength(2);
    await give(first, "2");
    expect(first.tokens.peek()?.accessToken).toBe("access-2");
  });
});

describe("a token request of unknown fate", () => {
  it("is not repeated ahead, and once by somebody who waits, after the pause", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    await second.tokens.get();
    clock.skip(3_300_000);
    first.tokens.peek();
    await settle();
    first.hand.last.fail(new Error("reset"));
    await settle();
    for (let seconds = 0; seconds < 260; seconds += 1) {
      for (const { tokens } of [first, second]) expect(tokens.peek()?.accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    expect([first.hand.calls.length, second.hand.calls.length]).toEqual([1, 0]);
    clock.skip(40_000);
    const callers = [first, second].map(({ tokens }) => new Outcome(tokens.get()));
    await settle();
    expect(first.hand.calls.length + second.hand.calls.length).toBe(2);
    const taker = first.hand.calls.length === 2 ? first : second;
    expect(taker.hand.last.context.previous?.refreshToken).toBe("refresh-1");
    await give(taker, "2");
    await clock.advance(200);
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-2", "access-2"]);
  });

  it("is not repeated ahead either after a request that was throttled: the first one may have used the refresh token up", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    const refused = await second.tokens.get();
    const renewals = [first, second].map(
      ({ tokens }) =>
        (): Outcome<unknown> =>
          new Outcome(tokens.renew(refused)),
    );
    renewals[0]?.();
    await settle();
    first.hand.last.fail(new Error("reset"));
    await clock.advance(1000);
    renewals[1]?.();
    await settle();
    second.hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 20_000 }));
    await clock.advance(3_300_000);
    for (const { tokens } of [first, second]) expect(tokens.peek()?.accessToken).toBe("access-1");
    await clock.advance(1000);
    expect([first.hand.calls.length, second.hand.calls.length]).toEqual([1, 1]);
  });

  it("is not repeated during the pause, not even by somebody who waits", async () => {
    const first = cache();
    await first.tokens.save(response("1"));
    clock.skip(3_600_000);
    void first.tokens.get().catch(() => {});
    await settle();
    first.hand.last.fail(new Error("reset"));
    await clock.advance(999);
    await expect(first.tokens.get()).rejects.toMatchObject({ outcome: "unknown" });
    expect(first.hand.calls).toHaveLength(1);
    await clock.advance(1);
    void first.tokens.get();
    await settle();
    expect(first.hand.calls).toHaveLength(2);
    await give(first, "2");
  });

  it("that ends well after its deadline repairs the record for everybody", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    clock.skip(3_600_000);
    const outcome = new Outcome(first.tokens.get());
    await clock.advance(10_000);
    expect(outcome.code).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
    await give(first, "late");
    expect((await second.tokens.get()).accessToken).toBe("access-late");
    expect((await first.tokens.get()).accessToken).toBe("access-late");
    expect([first.hand.calls.length, second.hand.calls.length]).toEqual([1, 0]);
  });

  it("that ends well while somebody else has taken over gives both the same token", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    clock.skip(3_600_000);
    void first.tokens.get().catch(() => {});
    await clock.advance(11_000);
    const taker = new Outcome(second.tokens.get());
    await settle();
    expect(second.hand.calls).toHaveLength(1);
    await give(first, "late");
    await give(second, "second");
    const [one, other] = [await first.tokens.get(), await second.tokens.get()];
    expect(one.accessToken).toBe(other.accessToken);
    expect(taker.value?.accessToken).toBe(one.accessToken);
  });
});

describe("a process that was held up", () => {
  it("for longer than its new token lived does not hand it out, and asks for another", async () => {
    const faulty = new FaultyStore();
    const all = cache("alice", undefined, faulty);
    const outcome = new Outcome(all.tokens.get());
    await settle();
    faulty.beforeWrite = () => {
      faulty.beforeWrite = undefined;
      clock.skip(40_000);
    };
    await give(all, "1", { expires_in: 30 });
    await give(all, "2");
    expect(outcome.value?.accessToken).toBe("access-2");
    expect(all.hand.calls).toHaveLength(2);
  });

  it("for too long between its intent and its token request does not send it, and begins again", async () => {
    const faulty = new FaultyStore();
    const all = cache("alice", undefined, faulty);
    let heldUp = 0;
    faulty.beforeWrite = () => {
      heldUp += 1;
      if (heldUp === 1) clock.skip(6000);
    };
    // The store answers in time: only this process was asleep.
    const outcome = new Outcome(all.tokens.get());
    await settle();
    expect(all.hand.calls).toEqual([]);
    expect(all.events).toMatchObject([{ type: "refresh-failed", error: { outcome: "not-sent" } }]);
    await clock.advance(100);
    expect(all.hand.calls).toHaveLength(1);
    await give(all, "1");
    expect(outcome.value?.accessToken).toBe("access-1");
  });

  it("while its token request was under way finds its successor's token", async () => {
    const [first, second] = [cache(), cache()];
    await first.tokens.save(response("1"));
    clock.skip(3_600_000);
    const slow = new Outcome(first.tokens.get());
    await settle();
    const fast = new Outcome(second.tokens.get());
    // The first one is stopped: of its timers none is called, and its request is answered when it runs again.
    for (let seconds = 0; seconds < 9; seconds += 1) await clock.advance(1000);
    clock.skip(20_000);
    await clock.advance(200);
    expect(second.hand.calls.length).toBeLessThanOrEqual(1);
    if (second.hand.calls.length === 1) await give(second, "2");
    await give(first, "late");
    await clock.advance(1000);
    expect(fast.state).toBe("resolved");
    expect((await first.tokens.get()).accessToken).toBe((await second.tokens.get()).accessToken);
    expect(slow.state).not.toBe("pending");
  });
});

it("keeps an entry of another format as it is", async () => {
  const faulty = new FaultyStore();
  const all = cache("alice", undefined, faulty);
  await all.tokens.save(response("1"));
  await faulty.put({ format: 3, canary: true });
  const other = cache("alice", undefined, faulty);
  await expect(other.tokens.get()).rejects.toBeInstanceOf(StoreError);
  await expect(other.tokens.get()).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
  await expect(other.tokens.save(response("2"))).rejects.toBeInstanceOf(StoreError);
  expect(other.hand.calls).toEqual([]);
  expect(await faulty.record()).toEqual({ format: 3, canary: true });
});
