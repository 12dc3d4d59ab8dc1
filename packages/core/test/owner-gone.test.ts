import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

let clock: RandomClock;
let shared: TokenStore;
/** The holders that have ended. */
let gone: Set<string>;

/** A store whose system knows which process has ended, as one process has it. */
function storeOf(holder: string, isGone: TokenStore["isGone"] | "none" = async (name) => gone.has(name)): TokenStore {
  const { read, compareAndSet } = shared;
  return { read, compareAndSet, holder: async () => holder, ...(isGone !== "none" && isGone !== undefined && { isGone }) };
}

const cache = (store: TokenStore, traits = {}): SetUp => setUp({ clock, store, key: "alice", hand: new HandSource(traits) });

/** A refresh by one process whose clock stands still from then on. */
async function orphan(store: TokenStore, after = 3_600_000, timeout = 10): Promise<void> {
  const owner = setUp({ clock: new RandomClock(), store, key: "alice", timeouts: { request: timeout } });
  await owner.tokens.save(response("1"));
  for (const each of [clock, owner.clock]) each.skip(after);
  if (owner.tokens.peek() === undefined) void owner.tokens.get().catch(() => {});
  await settle();
  expect(owner.hand.calls).toHaveLength(1);
}

/** Milliseconds until the source of this cache is asked by somebody who waits. */
async function takeover({ tokens, hand }: SetUp, most = 30_000): Promise<number> {
  const waiting = new Outcome(tokens.get());
  let passed = 0;
  for (; hand.calls.length === 0 && passed < most; passed += 10) await clock.advance(10);
  if (hand.calls.length === 0) return Number.POSITIVE_INFINITY;
  hand.last.give(response("2"));
  await settle();
  expect(waiting.value?.accessToken).toBe("access-2");
  return passed;
}

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new RandomClock();
  shared = memoryStore();
  gone = new Set();
});

describe("the owner of an intent, whose refresh token may be used once", () => {
  it("that is known to have ended is taken over at once, without an announcement", async () => {
    await orphan(storeOf("one"));
    gone.add("one");
    expect(await takeover(cache(storeOf("two")))).toBeLessThanOrEqual(20);
  });

  it("that ends while the others wait is taken over within a tenth of a second", async () => {
    await orphan(storeOf("one"));
    const other = cache(storeOf("two"));
    const waiting = new Outcome(other.tokens.get());
    await clock.advance(5000);
    expect(other.hand.calls).toEqual([]);
    gone.add("one");
    await clock.advance(130);
    expect(other.hand.calls).toHaveLength(1);
    other.hand.last.give(response("2"));
    await settle();
    expect(waiting.value?.accessToken).toBe("access-2");
  });

  it.each<[string, () => TokenStore]>([
    ["in a store that cannot know", () => ({ read: shared.read, compareAndSet: shared.compareAndSet })],
    ["in a store that knows it to live", () => storeOf("two")],
    ["in a store that cannot say", () => storeOf("two", async () => Promise.reject(new Error("no lock")))],
    [
      "in a store that throws",
      () =>
        storeOf("two", () => {
          throw new Error("no lock");
        }),
    ],
    ["in a store that says something else than true", () => storeOf("two", (async () => "gone") as never)],
    ["in a store that has no such method", () => storeOf("two", "none")],
  ])("that is only silent keeps its deadline and its last chance: %s", async (_, createStore) => {
    await orphan(storeOf("one"));
    const time = await takeover(cache(createStore()));
    expect(time).toBeGreaterThanOrEqual(15_000 + 2500 - 20);
    expect(time).toBeLessThanOrEqual(15_000 + 2500 + 500);
  });

  it("that is nobody by name is never gone", async () => {
    await orphan({ read: shared.read, compareAndSet: shared.compareAndSet });
    const time = await takeover(cache(storeOf("two", async () => true)));
    expect(time).toBeGreaterThanOrEqual(17_000);
  });

  it("cannot be oneself: who waits for its own announcement does not ask whether it is alive", async () => {
    await orphan(storeOf("one", async () => false));
    const asked: string[] = [];
    const time = await takeover(
      cache(
        storeOf("two", async (name) => {
          asked.push(name);
          return false;
        }),
      ),
    );
    expect(time).toBeGreaterThanOrEqual(17_000);
    expect(new Set(asked)).toEqual(new Set(["one"]));
  });

  it("that has ended leaves a refresh ahead alone: the refresh token may be used up, and the old access token is good", async () => {
    await orphan(storeOf("one"), 3_400_000);
    gone.add("one");
    const other = cache(storeOf("two"));
    await other.tokens.get();
    for (let seconds = 0; seconds < 160; seconds += 1) {
      expect(other.tokens.peek()?.accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    expect(other.hand.calls).toEqual([]);
  });

  it("names its process in the intent, where the store has a name, and does without where it fails to say", async () => {
    for (const [holder, expected] of [
      [async () => "one", "one"],
      [async () => Promise.reject(new Error("no")), undefined],
      [undefined, undefined],
    ] as const) {
      shared = memoryStore();
      const written: string[] = [];
      const store: TokenStore = {
        read: shared.read,
        compareAndSet: (...write) => {
          written.push(write[2] ?? "");
          return shared.compareAndSet(...write);
        },
        ...(holder ? { holder } : {}),
      };
      void cache(store)
        .tokens.get()
        .catch(() => {});
      await settle();
      expect((JSON.parse(written.at(-1) ?? "") as { intent: object }).intent).toMatchObject({ deadline: 15_000 });
      expect((JSON.parse(written.at(-1) ?? "") as { intent: { holder?: string } }).intent.holder).toBe(expected);
    }
  });
});

describe("the owner of an intent that uses nothing up", () => {
  it.each([
    ["a source that says so", { spendsRefreshToken: false }],
    ["a token set without a refresh token", {}],
  ])("is waited for a second at most, dead or alive: %s", async (kind, traits) => {
    const owner = cache(storeOf("one"), traits);
    if (kind === "a source that says so") await owner.tokens.save(response("1"));
    else await owner.tokens.save({ access_token: "access-1", expires_in: 60 });
    clock.skip(3_600_000);
    const first = new Outcome(owner.tokens.get());
    await settle();
    const other = cache(storeOf("two"), traits);
    const time = await takeover(other);
    expect(time).toBeGreaterThanOrEqual(980);
    expect(time).toBeLessThanOrEqual(1210);
    // The one that was alive all the same ends with the same token.
    owner.hand.last.give(response("late"));
    await settle();
    expect(first.value?.accessToken).toBe((await other.tokens.get()).accessToken);
  });

  it("is waited for no longer than its own deadline, if that is shorter", async () => {
    await orphan(storeOf("one"), 3_600_000, 0.2);
    expect(await takeover(cache(storeOf("two"), { spendsRefreshToken: false }))).toBeLessThanOrEqual(400);
  });

  it("goes on with its own intent when its answer comes while somebody else has begun", async () => {
    const [one, two] = [cache(storeOf("one"), { spendsRefreshToken: false }), cache(storeOf("two"), { spendsRefreshToken: false })];
    const outcomes = [new Outcome(one.tokens.get())];
    await settle();
    outcomes.push(new Outcome(two.tokens.get()));
    await clock.advance(1500);
    expect([one.hand.calls.length, two.hand.calls.length]).toEqual([1, 1]);
    one.hand.last.give(response("one"));
    await settle();
    two.hand.last.give(response("two"));
    await clock.advance(200);
    expect(outcomes.map(({ value }) => value?.accessToken)).toEqual(["access-one", "access-one"]);
  });
});
