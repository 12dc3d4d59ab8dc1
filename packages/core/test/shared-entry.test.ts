import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { ChangeListener, TokenStore } from "../src/store/store.ts";
import { FaultyStore } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

let clock: RandomClock;
const cache = (store: TokenStore, hand = new HandSource()): SetUp => setUp({ clock, store, key: "alice", hand });
const bare = ({ read, compareAndSet }: TokenStore): TokenStore => ({ read, compareAndSet });

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new RandomClock();
});

/** Two views of one store, as two processes or two parts of one have them. */
const places: [string, () => [TokenStore, TokenStore]][] = [
  [
    "one store object",
    () => {
      const store = memoryStore();
      return [store, store];
    },
  ],
  [
    "one store object that cannot watch",
    () => {
      const store = bare(memoryStore());
      return [store, store];
    },
  ],
  [
    "two store objects that watch",
    () => {
      const store = memoryStore();
      return [{ ...store }, { ...store }];
    },
  ],
];

describe.each(places)("two caches on one key, in %s", (_, createStores) => {
  let [mine, theirs]: SetUp[] = [];
  let stores: [TokenStore, TokenStore];

  beforeEach(async () => {
    stores = createStores();
    [mine, theirs] = [cache(stores[0]), cache(stores[1])];
    await theirs.tokens.save(response("old", { scope: "read" }));
    await mine.tokens.get();
  });

  const both = (): [SetUp, SetUp] => [mine as SetUp, theirs as SetUp];
  const later = (): TokenStore => bare(stores[0]);

  it("a logout in one is known to the other at once", async () => {
    const [mine, theirs] = both();
    await theirs.tokens.forget();
    expect(mine.tokens.peek()).toBeUndefined();
    const next = new Outcome(mine.tokens.get());
    await settle();
    expect("previous" in mine.hand.last.context).toBe(false);
    mine.hand.last.give(response("new"));
    await settle();
    expect(next.value?.accessToken).toBe("access-new");
  });

  it("a login as somebody else is known to the other at once", async () => {
    const [mine, theirs] = both();
    await theirs.tokens.save(response("new", { scope: "read write" }));
    expect(mine.tokens.peek()?.accessToken).not.toBe("access-old");
    const tokenSet = await mine.tokens.get();
    expect([tokenSet.accessToken, tokenSet.scope, mine.tokens.peek()]).toEqual(["access-new", "read write", tokenSet]);
    expect(mine.hand.calls).toEqual([]);
  });

  it("a refresh in one is taken by the other without a token request, and nobody is without a token meanwhile", async () => {
    const [mine, theirs] = both();
    const wish = theirs.tokens.get({ minValidity: 7200 });
    await settle();
    theirs.hand.last.give(response("new"));
    await wish;
    expect(mine.tokens.peek()).toBeDefined();
    await settle();
    expect(mine.tokens.peek()?.accessToken).toBe("access-new");
    expect(mine.hand.calls).toEqual([]);
  });

  it("a refresh under way, or one that has failed, disturbs nobody", async () => {
    const [mine, theirs] = both();
    const wish = new Outcome(theirs.tokens.get({ minValidity: 7200 }));
    await settle();
    expect(mine.tokens.peek()?.accessToken).toBe("access-old");
    theirs.hand.last.fail(new Error("no"));
    await settle();
    expect([wish.state, mine.tokens.peek()?.accessToken]).toEqual(["rejected", "access-old"]);
    await settle();
    expect(mine.hand.calls).toEqual([]);
  });

  it("a login during the refresh of the other reaches its callers", async () => {
    const [mine, theirs] = both();
    const renewal = new Outcome(mine.tokens.renew(await mine.tokens.get()));
    await settle();
    await theirs.tokens.save(response("new"));
    mine.hand.last.give(response("late"));
    await settle();
    expect([renewal.value?.accessToken, mine.tokens.peek()?.accessToken]).toEqual(["access-new", "access-new"]);
  });

  it.each(["the answer comes late", "a login fails", "a logout fails"])(
    "a login in one is not forgotten by the other when it has met it in passing: %s",
    async (how) => {
      const [mine, theirs] = both();
      if (how === "the answer comes late") {
        void mine.tokens.renew(await mine.tokens.get()).catch(() => {});
        await clock.advance(10_000);
        await theirs.tokens.save(response("new"));
        mine.hand.last.give(response("late"));
      } else {
        await theirs.tokens.save(response("new"));
        const { compareAndSet } = stores[0];
        stores[0].compareAndSet = () => Promise.reject(new Error("away"));
        const call = how === "a login fails" ? mine.tokens.save(response("other")) : mine.tokens.forget();
        await expect(call).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
        stores[0].compareAndSet = compareAndSet;
      }
      await settle();
      expect(mine.tokens.peek()?.accessToken).not.toBe("access-old");
      expect((await mine.tokens.get()).accessToken).toBe("access-new");
    },
  );

  it("their own writes are no news to themselves: no look is due", async () => {
    const [mine] = both();
    let reads = 0;
    const { read } = stores[0];
    stores[0].read = (...asked) => {
      reads += 1;
      return read(...asked);
    };
    await mine.tokens.save(response("mine"));
    const before = reads;
    for (let looks = 0; looks < 100; looks += 1) {
      expect(mine.tokens.peek()?.accessToken).toBe("access-mine");
      await settle();
    }
    expect(reads).toBe(before);
  });

  it("what one has told is what a third process finds", async () => {
    const [mine, theirs] = both();
    await mine.tokens.forget();
    await theirs.tokens.save(response("new"));
    expect((await mine.tokens.get()).accessToken).toBe("access-new");
    expect((await cache(later()).tokens.get()).accessToken).toBe("access-new");
  });

  it("tells of what it has taken from the other, once", async () => {
    const [mine, theirs] = both();
    mine.events.length = 0;
    await theirs.tokens.save(response("new"));
    await mine.tokens.get();
    await theirs.tokens.forget();
    mine.tokens.peek();
    await mine.tokens.reread();
    mine.tokens.peek();
    expect(mine.events.map(({ type }) => type)).toEqual(["token-adopted", "token-forgotten"]);
    expect(JSON.stringify(mine.events)).not.toMatch(/access-|refresh-/);
  });
});

describe("a store that tells of changes", () => {
  /** A store whose listeners a test calls itself. */
  function telling(): TokenStore & { tell: ChangeListener; listeners: number; stored: TokenStore } {
    const stored = bare(memoryStore());
    const listeners: ChangeListener[] = [];
    return {
      ...stored,
      stored,
      watchAll: (changed) => {
        listeners.push(changed);
        return () => {};
      },
      tell: (...change) => {
        for (const listener of listeners) listener(...change);
      },
      get listeners() {
        return listeners.length;
      },
    };
  }

  it("is watched once, by however many caches there are, and not before one of them looks", async () => {
    const store = telling();
    const caches = Array.from({ length: 100 }, (_, index) => setUp({ clock, store, key: `user-${index}` }));
    expect(store.listeners).toBe(0);
    await Promise.all(caches.map(({ tokens }) => tokens.save(response("1"))));
    expect(store.listeners).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("and says nothing of which entry makes each cache look again, once, for all its callers together", async () => {
    const store = telling();
    const all = cache(store);
    await all.tokens.save(response("1"));
    let reads = 0;
    const { read } = store;
    store.read = (...asked) => {
      reads += 1;
      return read(...asked);
    };
    store.tell();
    expect(all.tokens.peek()).toBeUndefined();
    const callers = Array.from({ length: 100 }, () => new Outcome(all.tokens.get()));
    await settle();
    expect(callers.every(({ value }) => value?.accessToken === "access-1")).toBe(true);
    expect([reads, all.hand.calls.length]).toEqual([1, 0]);
    expect(all.tokens.peek()?.accessToken).toBe("access-1");
  });

  it("of other entries makes nobody look", async () => {
    const store = telling();
    const all = cache(store);
    await all.tokens.save(response("1"));
    store.read = () => Promise.reject(new Error("looked"));
    for (let changes = 0; changes < 100; changes += 1) store.tell(`other-${changes}`, "1", "x.1");
    expect((await all.tokens.get()).accessToken).toBe("access-1");
    expect(all.events.map(({ type }) => type)).toEqual(["token-saved"]);
  });

  it("is away when somebody has to look: what is in memory is believed", async () => {
    const store = telling();
    const all = cache(store);
    await all.tokens.save(response("1"));
    store.tell();
    store.read = () => Promise.reject(new Error("away"));
    expect((await all.tokens.get()).accessToken).toBe("access-1");
    expect(all.tokens.peek()?.accessToken).toBe("access-1");
    expect(all.events.at(-1)).toMatchObject({ type: "store-trouble", operation: "read" });
  });

  it("but cannot watch now does without", async () => {
    const store = bare(memoryStore());
    store.watchAll = () => {
      throw new Error("no");
    };
    const all = cache(store);
    await all.tokens.save(response("1"));
    expect((await all.tokens.get()).accessToken).toBe("access-1");
  });
});

it("a logout that is heard of ends no refresh token's life: its use goes on where it was sent already", async () => {
  const store = new FaultyStore();
  const [mine, theirs] = [cache(store), cache(store)];
  await mine.tokens.save(response("1"));
  const renewal = new Outcome(mine.tokens.renew(await mine.tokens.get()));
  await settle();
  await theirs.tokens.forget();
  mine.hand.last.give(response("2"));
  await settle();
  expect(renewal.code).toBe("ERR_LOGIN_REQUIRED");
  expect([mine.tokens.peek(), theirs.tokens.peek()]).toEqual([undefined, undefined]);
  expect(await store.record()).not.toHaveProperty("tokens");
});
