import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { ClosableTokenCache } from "../src/cache/token-cache.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: FaultyStore;
let hand: HandSource;
let tokens: ClosableTokenCache;

const create = (options = {}): ClosableTokenCache => createTokenCache({ clock, store, key: "alice", source: hand.source, ...options });

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = new FaultyStore();
  hand = new HandSource();
  tokens = create();
});

async function expectClosed(closed = tokens): Promise<void> {
  const tokenSet = { access_token: "late" };
  const calls = [
    () => closed.get(),
    () => closed.get({ minValidity: 5 }),
    () => closed.save(tokenSet),
    () => closed.forget(),
    () => closed.reread(),
    async () => closed.renew(await setUp().tokens.save(response("1"))),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ name: "TokenflightError", code: "ERR_CLOSED" });
  expect([closed.peek(), closed.status().state]).toEqual([undefined, "unknown"]);
}

describe("a cache that is closed", () => {
  it("rejects every call, gives nothing, and asks neither store nor source", async () => {
    await tokens.save(response("1"));
    await tokens.close();
    const { asked } = store;
    await expectClosed();
    expect([store.asked, hand.calls.length, clock.timers]).toEqual([asked, 0, 0]);
  });

  it("is closed before `close` resolves, and at once when nothing is under way", async () => {
    await tokens.save(response("1"));
    const end = new Outcome(tokens.close());
    expect(tokens.peek()).toBeUndefined();
    await settle();
    expect(end.state).toBe("resolved");
  });

  it("may be closed again, and by leaving its block", async () => {
    await Promise.all([tokens.close(), tokens.close()]);
    await tokens.close();
    let held: ClosableTokenCache;
    {
      await using block = create();
      held = block;
      await block.save(response("1"));
    }
    await expectClosed(held);
  });

  it("leaves its store open, and what stands there to others", async () => {
    await tokens.save(response("1"));
    await tokens.close();
    expect((await create().get()).accessToken).toBe("access-1");
  });

  it("before it was ever used is closed as well", async () => {
    await tokens.close();
    await expectClosed();
  });
});

describe("a refresh that has not written its intent when the cache is closed", () => {
  it.each<[string, () => void]>([
    ["it reads the store", () => (store.reads = "stalls")],
    ["it writes its intent, which fails", () => (store.writes = "stalls")],
  ])("ends with ERR_CLOSED or the store's error, and sends nothing: %s", async (_, stall) => {
    await tokens.save(response("1"));
    clock.skip(3_600_000);
    stall();
    const callers = Array.from({ length: 3 }, () => new Outcome(tokens.get()));
    await settle();
    const end = new Outcome(tokens.close());
    await clock.advance(2000);
    expect(end.state).toBe("resolved");
    for (const { code } of callers) expect(["ERR_CLOSED", "ERR_STORE_UNAVAILABLE"]).toContain(code);
    expect([hand.calls.length, clock.timers]).toEqual([0, 0]);
  });

  it("ends with ERR_CLOSED while it waits for the owner of an intent", async () => {
    await tokens.save(response("1"));
    clock.skip(3_600_000);
    await store.put({ ...(await store.record()), intent: { owner: "other", deadline: 15_000 } });
    const caller = new Outcome(tokens.get());
    await clock.advance(5000);
    const end = new Outcome(tokens.close());
    await settle();
    expect([caller.code, end.state, hand.calls.length, clock.timers]).toEqual(["ERR_CLOSED", "resolved", 0, 0]);
    // The other one's intent is still its own.
    expect((await store.record())?.["intent"]).toMatchObject({ owner: "other" });
  });

  it("ends with ERR_CLOSED while it waits for a slot, and its place in the queue is nobody's burden", async () => {
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    const stranger = setUp({ clock, queue });
    const busy = new Outcome(stranger.tokens.get());
    tokens = create({ queue });
    const caller = new Outcome(tokens.get());
    await settle();
    const end = new Outcome(tokens.close());
    await settle();
    expect([caller.code, end.state]).toEqual(["ERR_CLOSED", "resolved"]);
    stranger.hand.last.give(response("1"));
    await settle();
    expect([busy.value?.accessToken, hand.calls.length]).toEqual(["access-1", 0]);
    expect(await queue.run(async () => "next", { id: "next", urgency: "ahead" })).toBe("next");
    expect(await store.record()).toBeUndefined();
  });

  it("ends with ERR_CLOSED while it waits for the pause that the endpoint has asked for", async () => {
    const caller = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 5000 }));
    await clock.advance(1000);
    const end = new Outcome(tokens.close());
    await settle();
    expect([caller.code, end.state, hand.calls.length, clock.timers]).toEqual(["ERR_CLOSED", "resolved", 1, 0]);
  });
});

describe("a refresh whose token request is under way when the cache is closed", () => {
  let caller: Outcome<{ accessToken: string }>;
  let end: Outcome<void>;

  beforeEach(async () => {
    await tokens.save(response("1"));
    clock.skip(3_600_000);
    caller = new Outcome(tokens.get());
    await settle();
    end = new Outcome(tokens.close());
    await clock.advance(5000);
  });

  it("keeps both waiting, the caller and whoever closes", () => {
    expect([caller.state, end.state, hand.calls.length]).toEqual(["pending", "pending", 1]);
  });

  it("goes on to its stored result, which those who waited get, and nobody else", async () => {
    hand.last.give(response("2"));
    await settle();
    expect([caller.value?.accessToken, end.state]).toEqual(["access-2", "resolved"]);
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "access-2" } });
    await expectClosed();
  });

  it("goes on to the note of its failure", async () => {
    hand.last.fail(new TokenRequestError("refused", "No."));
    await settle();
    expect([caller.code, end.state]).toEqual(["ERR_TOKEN_REQUEST_REFUSED", "resolved"]);
    expect(await store.record()).toMatchObject({ pause: { outcome: "refused" } });
  });

  it("is not repeated, although it was not sent", async () => {
    hand.last.fail(new TokenRequestError("not-sent", "Connection refused."));
    await clock.advance(1000);
    expect([caller.code, end.state, hand.calls.length]).toEqual(["ERR_CLOSED", "resolved", 1]);
    expect((await store.record())?.["intent"]).toBeUndefined();
  });

  it("is given up at its timeout", async () => {
    await clock.advance(5000);
    expect([caller.code, end.state]).toEqual(["ERR_TOKEN_REQUEST_UNKNOWN", "resolved"]);
  });

  it("is written until the store takes it, and those who wait get it when that takes too long", async () => {
    store.writes = "fails";
    hand.last.give(response("2"));
    await clock.advance(9000);
    expect(end.state).toBe("pending");
    await clock.advance(1000);
    expect([caller.value?.accessToken, end.state]).toEqual(["access-2", "pending"]);
    store.writes = "none";
    await clock.advance(5000);
    expect(end.state).toBe("resolved");
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "access-2" } });
  });

  it("is waited for by a second call of `close`, too", async () => {
    const again = new Outcome(tokens.close());
    await settle();
    expect(again.state).toBe("pending");
    hand.last.give(response("2"));
    await settle();
    expect([again.state, end.state]).toEqual(["resolved", "resolved"]);
  });
});

describe("a refresh ahead when the cache is closed", () => {
  it("is waited for like any other", async () => {
    await tokens.save(response("1"));
    clock.skip(3_300_000);
    tokens.peek();
    await settle();
    const end = new Outcome(tokens.close());
    await settle();
    expect(end.state).toBe("pending");
    hand.last.give(response("2"));
    await settle();
    expect(end.state).toBe("resolved");
    expect(await store.record()).toMatchObject({ tokens: { access_token: "access-2" } });
  });
});

describe("a login or a logout when the cache is closed", () => {
  it.each(["save", "forget"] as const)("is finished when it has begun: %s", async (what) => {
    await tokens.save(response("1"));
    const { promise, resolve } = Promise.withResolvers<void>();
    const inner = memoryStore();
    tokens = create({
      store: {
        read: inner.read,
        compareAndSet: async (...write: Parameters<typeof inner.compareAndSet>) => promise.then(() => inner.compareAndSet(...write)),
      },
    });
    const call = new Outcome<unknown>(what === "save" ? tokens.save(response("2")) : tokens.forget());
    const queued = new Outcome<unknown>(tokens.save(response("3")));
    await settle();
    const end = new Outcome(tokens.close());
    await settle();
    expect([call.state, end.state]).toEqual(["pending", "pending"]);
    resolve();
    await settle();
    // What was called after it had not begun.
    expect([call.state, queued.code, end.state]).toEqual(["resolved", "ERR_CLOSED", "resolved"]);
  });
});

describe("a token request that is answered after its timeout, in a cache that was closed meanwhile", () => {
  it("has its result stored all the same: it may be the only one that still works", async () => {
    await tokens.save(response("1"));
    clock.skip(3_600_000);
    void tokens.get().catch(() => {});
    await clock.advance(10_000);
    await tokens.close();
    hand.last.give(response("late"));
    await settle();
    expect(await store.record()).toMatchObject({ tokens: { access_token: "access-late" } });
    expect(tokens.peek()).toBeUndefined();
  });
});
