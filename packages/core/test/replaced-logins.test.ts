import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changesOf } from "../src/store/entry-changes.ts";
import { memoryStore, type MemoryStore } from "../src/store/memory-store.ts";
import { storeKey, type ChangeListener, type TokenStore } from "../src/store/store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import type { SourceContext } from "../src/tokens/token-source.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";
import { WeakRecords } from "./weak-records.ts";

let clock: RandomClock;
let weak: WeakRecords;
let stored: MemoryStore;
let store: TokenStore;
let isAway: boolean;
let reads: number;
/** Replies that are late: of what is read, of what is written. */
let late: { of: "reads" | "writes"; until: Promise<void> } | undefined;
/** Tells what another process has done. */
let hint: ChangeListener;
let key: string;

beforeAll(hashAtOnce);
beforeEach(async () => {
  clock = new RandomClock();
  weak = new WeakRecords();
  stored = memoryStore();
  isAway = false;
  reads = 0;
  late = undefined;
  hint = () => {};
  key = await storeKey("test", "alice");
  const reply = async <Answer>(of: "reads" | "writes", work: () => Promise<Answer>): Promise<Answer> => {
    if (isAway) throw new Error("away");
    const wait = late?.of === of ? late.until : undefined;
    const answer = await work();
    await wait;
    return answer;
  };
  store = {
    read: (...read) => {
      reads += 1;
      // Whoever reads without end would never let a test fail.
      if (reads > 100) return new Promise(() => {});
      return reply("reads", () => stored.read(...read));
    },
    compareAndSet: (...write) => reply("writes", () => stored.compareAndSet(...write)),
    // It tells of what the test says, and of nothing else.
    watchAll: (changed) => {
      hint = changed;
      return () => {};
    },
  };
});
afterEach(() => weak[Symbol.dispose]());

const cache = (hand = new HandSource()): SetUp => setUp({ clock, store, key: "alice", hand });

/** Another cache of this process, as one for each request is. */
async function elsewhere(what: "a login" | "a logout"): Promise<void> {
  const { tokens } = cache();
  await (what === "a login" ? tokens.save(response("bob")) : tokens.forget());
}

const changes = ["a login", "a logout"] as const;

describe.each(changes)("%s of another cache of this process, whose record was collected since", (what) => {
  let mine: SetUp;

  beforeEach(async () => {
    mine = cache();
    await mine.tokens.save(response("alice"));
    await elsewhere(what);
    weak.areCollected = true;
    isAway = true;
  });

  it("is known while the store is away: nothing of the login before is sent", async () => {
    for (let seconds = 0; seconds < 5; seconds += 1) {
      expect(mine.tokens.peek()).toBeUndefined();
      await expect(mine.tokens.get()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
      expect([mine.tokens.peek(), mine.tokens.status().state]).toEqual([undefined, "unknown"]);
      await clock.advance(1000);
    }
    expect(mine.hand.calls).toEqual([]);
  });

  it("is found when the store is back", async () => {
    await mine.tokens.get().catch(() => {});
    isAway = false;
    const outcome = new Outcome(mine.tokens.get());
    await settle();
    if (what === "a login") {
      expect(outcome.value?.accessToken).toBe("access-bob");
    } else {
      expect(mine.hand.last.context.previous).toBeUndefined();
      mine.hand.last.give(response("new"));
      await settle();
      expect(outcome.value?.accessToken).toBe("access-new");
    }
  });
});

describe("a hint of another process", () => {
  let mine: SetUp;

  beforeEach(async () => {
    mine = cache();
    await mine.tokens.save(response("alice"));
    isAway = true;
  });

  const marks: [string, (mine: string) => string | undefined, boolean][] = [
    ["with the mark of another login", () => "another.7", false],
    ["with the mark of another login that is over", () => "another.7!", false],
    ["with the mark of the same login", (mark) => `${mark.slice(0, mark.lastIndexOf("."))}.2`, true],
    ["without a mark", () => undefined, true],
  ];

  it.each(marks)("%s is what the token in memory depends on, while the store is away", async (_, markOf, isSent) => {
    const record = JSON.parse((await stored.read(key))?.value ?? "null") as { lineage: string; generation: number };
    hint(key, "999", markOf(`${record.lineage}.${record.generation}`));
    const outcome = new Outcome(mine.tokens.get());
    await settle();
    if (isSent) expect(outcome.value?.accessToken).toBe("access-alice");
    else expect([outcome.code, mine.tokens.peek(), mine.tokens.status().state]).toEqual(["ERR_STORE_UNAVAILABLE", undefined, "unknown"]);
  });

  it.each<[string, (mine: SetUp, alice: TokenSet) => Promise<unknown>]>([
    ["get", ({ tokens }) => tokens.get()],
    ["get with a validity", ({ tokens }) => tokens.get({ minValidity: 60 })],
    ["renew of the token that it had", ({ tokens }, alice) => tokens.renew(alice)],
    ["renew of another token", async ({ tokens }) => tokens.renew(await setUp().tokens.save(response("older")))],
    ["reread", ({ tokens }) => tokens.reread()],
  ])("of another login lets no call give the token of the login before: %s", async (_, call) => {
    const alice = mine.tokens.peek() as TokenSet;
    hint(key, "999", "another.7");
    for (let calls = 0; calls < 3; calls += 1) {
      await expect(call(mine, alice)).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
      expect([mine.tokens.peek(), mine.tokens.status().state]).toEqual([undefined, "unknown"]);
      await clock.advance(700);
    }
    expect(mine.hand.calls).toEqual([]);
  });

  it("of another login ends the belief in what is held, after a hint that said nothing", async () => {
    hint();
    expect((await mine.tokens.get()).accessToken).toBe("access-alice");
    expect(mine.tokens.peek()?.accessToken).toBe("access-alice");
    hint(key, "999", "another.7");
    expect(mine.tokens.peek()).toBeUndefined();
    await expect(mine.tokens.get()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
  });
});

describe.each(changes)("%s of another cache of this process, after a hint that said nothing", (what) => {
  it.each([false, true])("is known while the store is away; its record was collected: %s", async (isCollected) => {
    const mine = cache();
    await mine.tokens.save(response("alice"));
    hint();
    await elsewhere(what);
    weak.areCollected = isCollected;
    isAway = true;
    const outcome = new Outcome(mine.tokens.get());
    await settle();
    expect([outcome.value?.accessToken, mine.tokens.peek()?.accessToken]).not.toContain("access-alice");
  });
});

describe("a source that uses nothing up, while another login is known to stand in a store that is away", () => {
  let asked: number;
  let previous: unknown[];
  let mine: SetUp;

  beforeEach(async () => {
    asked = 0;
    previous = [];
    const source = async (context: SourceContext): Promise<TokenResponse> => {
      asked += 1;
      previous.push(context.previous);
      return { access_token: `service-${asked}`, expires_in: 3600 };
    };
    mine = setUp({ clock, store, key: "alice", source: Object.assign(source, { spendsRefreshToken: false }) });
    await mine.tokens.get();
    hint(key, "999", "another.7");
    isAway = true;
  });

  it("is asked without the tokens of the login before, or the store's error is given: nobody asks without end", async () => {
    const outcome = new Outcome(mine.tokens.get());
    await clock.advance(2000);
    expect(reads).toBeLessThan(10);
    expect(outcome.state).not.toBe("pending");
    expect(outcome.value?.accessToken).not.toBe("service-1");
    expect([asked <= 2, previous.every((each) => each === undefined)]).toEqual([true, true]);
  });

  it("gives tokens for its own purpose, also where they are stored later (field line 107)", async () => {
    const { source } = new HandSource();
    const giving = Object.assign(async () => ({ access_token: "for-api", expires_in: 3600 }), source, {
      spendsRefreshToken: false,
      purpose: "api",
    });
    isAway = false;
    const ours = setUp({ clock, store, key: "alice", source: giving });
    await ours.tokens.get();
    hint(key, "1000", "yet another.7");
    isAway = true;
    expect((await ours.tokens.get()).accessToken).toBe("for-api");
    isAway = false;
    await stored.compareAndSet(key, (await stored.read(key))?.version, undefined);
    await clock.advance(7_200_000);
    await ours.tokens.get();
    expect(JSON.parse((await stored.read(key))?.value ?? "")).toMatchObject({ purpose: "api", tokens: { access_token: "for-api" } });
  });

  it("is not asked anew each second: what it has given is good", async () => {
    for (let uses = 0; uses < 50; uses += 1) {
      await mine.tokens.get().catch(() => {});
      await clock.advance(100);
    }
    expect(asked).toBeLessThanOrEqual(2);
    expect(reads).toBeLessThan(10);
  });
});

describe("the tokens of a login, which is replaced by another cache of this process while the reply of", () => {
  const gone = [false, true];
  const cases = changes.flatMap((what) => gone.map((isCollected) => [what, isCollected] as const));

  it.each(cases)("a result is late, are given to nobody: %s; its record was collected: %s", async (what, isCollected) => {
    const mine = cache();
    await mine.tokens.save(response("alice"));
    clock.skip(3_600_000);
    const waiting = new Outcome(mine.tokens.get());
    await settle();
    const gate = Promise.withResolvers<void>();
    late = { of: "writes", until: gate.promise };
    mine.hand.last.give(response("new-alice"));
    await settle();
    late = undefined;
    await elsewhere(what);
    weak.areCollected = isCollected;
    gate.resolve();
    await settle();
    if (what === "a login") {
      expect([waiting.value?.accessToken, mine.tokens.peek()?.accessToken]).toEqual(["access-bob", "access-bob"]);
    } else {
      expect(waiting.value).toBeUndefined();
      expect(mine.tokens.peek()).toBeUndefined();
    }
    expect(mine.events.filter(({ type }) => type === "new-token-refused")).toEqual([]);
  });

  it.each(cases)(
    "a first read is late, are given to nobody who comes later: %s; its record was collected: %s",
    async (what, isCollected) => {
      await cache().tokens.save(response("alice"));
      const mine = cache();
      const gate = Promise.withResolvers<void>();
      late = { of: "reads", until: gate.promise };
      const early = new Outcome(mine.tokens.get());
      await settle();
      late = undefined;
      await elsewhere(what);
      weak.areCollected = isCollected;
      const later = new Outcome(mine.tokens.get());
      gate.resolve();
      await settle();
      if (what === "a login") {
        expect([later.value?.accessToken, early.value?.accessToken]).toEqual(["access-bob", "access-bob"]);
      } else {
        expect([later.value, mine.tokens.peek()]).toEqual([undefined, undefined]);
      }
    },
  );
});

describe("the belief in what is held, after a look that has failed", () => {
  let mine: SetUp;

  beforeEach(async () => {
    mine = cache();
    await mine.tokens.save(response("alice"));
    changesOf(store).changed();
    isAway = true;
    await mine.tokens.get();
    isAway = false;
    reads = 0;
  });

  it("covers a second, and no look is needed in it", async () => {
    await clock.advance(999);
    expect(mine.tokens.peek()?.accessToken).toBe("access-alice");
    await settle();
    expect(reads).toBe(0);
    await clock.advance(1);
    expect((await mine.tokens.get()).accessToken).toBe("access-alice");
    expect(reads).toBe(1);
  });

  it.each(changes.flatMap((what) => [false, true].map((isCollected) => [what, isCollected] as const)))(
    "ends with the next thing that is heard: %s; its record was collected: %s",
    async (what, isCollected) => {
      await elsewhere(what);
      weak.areCollected = isCollected;
      expect(mine.tokens.peek()?.accessToken).not.toBe("access-alice");
      const outcome = new Outcome(mine.tokens.get());
      await settle();
      if (what === "a login") expect(outcome.value?.accessToken).toBe("access-bob");
      else expect(mine.hand.last.context.previous).toBeUndefined();
    },
  );

  it("ends with a hint that says nothing, too", async () => {
    hint();
    expect(mine.tokens.peek()).toBeUndefined();
    await mine.tokens.get();
    expect(reads).toBe(1);
  });

  it.each([-7_200_000, 7_200_000])("is measured by a clock that nobody sets: the wall clock moves by %d ms", async (jump) => {
    clock.setWall(clock.now() + jump);
    await clock.advance(500);
    const before = reads;
    // A token set that is over by the wall clock is another matter.
    if (jump < 0) expect(mine.tokens.peek()?.accessToken).toBe("access-alice");
    expect(reads).toBe(before);
    await elsewhere("a logout");
    expect(mine.tokens.peek()).toBeUndefined();
  });

  it("lasts no longer than its second when the wall clock is set back", async () => {
    clock.setWall(clock.now() - 7_200_000);
    await clock.advance(1000);
    await mine.tokens.get();
    expect(reads).toBe(1);
  });
});

describe("a refresh whose login was replaced meanwhile", () => {
  it.each(["by its own cache", "by another one of this process"])(
    "%s says nothing of the new login's tokens: they may be refused and renewed",
    async (who) => {
      const mine = cache();
      const old = await mine.tokens.save(response("u0"));
      const first = new Outcome(mine.tokens.renew(old));
      await settle();
      const gate = Promise.withResolvers<void>();
      late = { of: "writes", until: gate.promise };
      mine.hand.last.give(response("u0-new"));
      await settle();
      late = undefined;
      const login = await (who === "by its own cache" ? mine : cache()).tokens.save(response("u1"));
      const second = new Outcome(mine.tokens.renew(login));
      await settle();
      gate.resolve();
      await settle();
      if (mine.hand.calls.length === 1) throw new Error("The source was not asked with the new login's tokens.");
      expect(mine.hand.last.context.previous?.refreshToken).toBe("refresh-u1");
      mine.hand.last.give(response("u1-new"));
      await settle();
      expect([second.value?.accessToken, second.code, mine.hand.calls.length]).toEqual(["access-u1-new", undefined, 2]);
      expect(["access-u1", "access-u1-new"]).toContain(first.value?.accessToken);
      expect(mine.events.filter(({ type }) => type === "new-token-refused")).toEqual([]);
    },
  );

  it("does not make the saved tokens news: a longer validity is asked for at once", async () => {
    const mine = cache();
    await mine.tokens.save(response("u0"));
    clock.skip(3_600_000);
    const waiting = new Outcome(mine.tokens.get());
    await settle();
    const gate = Promise.withResolvers<void>();
    late = { of: "writes", until: gate.promise };
    mine.hand.last.give(response("u0-new"));
    await settle();
    late = undefined;
    await mine.tokens.save(response("u1"));
    gate.resolve();
    await settle();
    expect(waiting.value?.accessToken).toBe("access-u1");
    const wish = new Outcome(mine.tokens.get({ minValidity: 7200 }));
    await settle();
    expect([mine.hand.calls.length, mine.hand.last.context.previous?.refreshToken]).toEqual([2, "refresh-u1"]);
    mine.hand.last.give(response("u1-new", { expires_in: 86_400 }));
    await settle();
    expect(wish.value?.accessToken).toBe("access-u1-new");
  });
});

describe("a refresh of another cache of this process, whose record was collected since", () => {
  it("leaves the token of the same login in use, and is looked for behind the request", async () => {
    const mine = cache();
    await mine.tokens.save(response("1"));
    const other = cache();
    const wish = other.tokens.get({ minValidity: 7200 });
    await settle();
    other.hand.last.give(response("2", { expires_in: 86_400 }));
    await wish;
    weak.areCollected = true;
    reads = 0;
    for (let uses = 0; uses < 10; uses += 1) expect(mine.tokens.peek()?.accessToken).toBe("access-1");
    await settle();
    expect([mine.tokens.peek()?.accessToken, reads, mine.hand.calls.length]).toEqual(["access-2", 1, 0]);
  });
});
