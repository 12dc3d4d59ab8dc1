import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { storeKey, type TokenStore } from "../src/store/store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

/** The clock of a runtime that drops the timers, and everything else, of a request that has ended. */
class IsolateClock extends TestClock {
  request = "first";
  readonly #ended = new Set<string>();

  end(request: string): void {
    this.#ended.add(request);
  }

  override schedule(callback: () => void, delay: number, ref?: boolean): () => void {
    const { request } = this;
    return super.schedule(
      () => {
        if (!this.#ended.has(request)) callback();
      },
      delay,
      ref,
    );
  }
}

let clock: IsolateClock;
beforeEach(() => {
  clock = new IsolateClock();
});

/** The first request asks for a token, at this step of the refresh its runtime drops it, and the second request asks. */
async function secondAfter(
  first: () => Promise<unknown>,
  second: () => Promise<{ accessToken: string }>,
): Promise<{ outcome: Outcome<{ accessToken: string }>; begun: number }> {
  void first().catch(() => {});
  await settle();
  clock.end("first");
  clock.request = "second";
  await clock.advance(1000);
  const begun = clock.monotonic();
  return { outcome: new Outcome(second()), begun };
}

async function until(outcome: Outcome<unknown>, most: number): Promise<void> {
  for (let passed = 0; outcome.state === "pending" && passed < most; passed += 100) await clock.advance(100);
}

/** Stalls the first time, and never settles. */
function stalling<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  let isFirst = true;
  return (...args) => {
    if (!isFirst) return work(...args);
    isFirst = false;
    return new Promise(() => {});
  };
}

describe("a refresh of a request that the runtime has dropped", () => {
  it.each<[string, (store: TokenStore) => TokenStore]>([
    ["while it read the store", (store) => ({ ...store, read: stalling(store.read) })],
    ["while it wrote its intent", (store) => ({ ...store, compareAndSet: stalling(store.compareAndSet) })],
  ])("is dropped by the next one that joins it, and another one begins: %s", async (_, broken) => {
    const tokens = createTokenCache({
      clock,
      source: async () => response("1"),
      store: broken(memoryStore()),
      identity: "test",
      key: "alice",
    });
    const { outcome, begun } = await secondAfter(
      () => tokens.get(),
      () => tokens.get(),
    );
    await until(outcome, 60_000);
    expect(outcome.value?.accessToken).toBe("access-1");
    expect(clock.monotonic() - begun).toBeLessThanOrEqual(40_000);
  });

  it.each([
    [true, 20_000],
    [false, 12_500],
  ])("while it asked the source is dropped, too; with a refresh token in a store: %s", async (isSpending, most) => {
    let asked = 0;
    const source = async () => {
      asked += 1;
      return asked === 1 ? new Promise<never>(() => {}) : response("2");
    };
    const tokens = createTokenCache({ clock, source, store: memoryStore(), identity: "test", key: "alice" });
    if (isSpending) {
      await tokens.save(response("1"));
      clock.skip(3_600_000);
    }
    const { outcome, begun } = await secondAfter(
      () => tokens.get(),
      () => tokens.get(),
    );
    await until(outcome, 60_000);
    expect(outcome.value?.accessToken).toBe("access-2");
    expect(clock.monotonic() - begun).toBeLessThanOrEqual(most + 15_000);
    expect(asked).toBe(2);
  });

  it("is dropped by a crowd together: one refresh takes its place", async () => {
    let asked = 0;
    const source = async () => {
      asked += 1;
      return asked === 1 ? new Promise<never>(() => {}) : response("2");
    };
    const tokens = createTokenCache({ clock, source });
    void tokens.get().catch(() => {});
    await settle();
    clock.end("first");
    clock.request = "second";
    const crowd = Array.from({ length: 200 }, () => new Outcome(tokens.get()));
    await until(crowd[0] as Outcome<unknown>, 60_000);
    await settle();
    expect(new Set(crowd.map(({ value }) => value?.accessToken))).toEqual(new Set(["access-2"]));
    expect(asked).toBe(2);
  });

  it("is dropped by the next one, although one that joined it was dropped before", async () => {
    let asked = 0;
    const source = async () => {
      asked += 1;
      return asked === 1 ? new Promise<never>(() => {}) : response("2");
    };
    const tokens = createTokenCache({ clock, source });
    for (const request of ["first", "second"]) {
      clock.request = request;
      void tokens.get().catch(() => {});
      await settle();
      clock.end(request);
    }
    clock.request = "third";
    const third = new Outcome(tokens.get());
    await until(third, 60_000);
    expect([third.value?.accessToken, asked]).toEqual(["access-2", 2]);
  });

  it("that waited for a slot, or held one, keeps nobody from the endpoint for ever", async () => {
    const queue = createTokenEndpointQueue({ clock, concurrency: 2 });
    const caches = Array.from({ length: 4 }, (_, index) => {
      let asked = 0;
      return createTokenCache({
        clock,
        queue,
        source: async () => {
          asked += 1;
          return asked === 1 && clock.request === "first" ? new Promise<never>(() => {}) : response(`${index}`);
        },
      });
    });
    for (const tokens of caches) void tokens.get().catch(() => {});
    await settle();
    clock.end("first");
    clock.request = "second";
    await clock.advance(1000);
    const outcomes = caches.map((tokens) => new Outcome(tokens.get()));
    for (let seconds = 0; outcomes.some(({ state }) => state === "pending") && seconds < 90; seconds += 1) await clock.advance(1000);
    expect(outcomes.map(({ value }) => value?.accessToken)).toEqual(["access-0", "access-1", "access-2", "access-3"]);
  });
});

describe("a refresh that shows signs of life", () => {
  it("is joined for as long as it goes on, through pauses and repeated requests", async () => {
    const { tokens, hand } = setUp({ clock });
    void tokens.get().catch(() => {});
    const joined = new Outcome(tokens.get());
    for (const pause of [9000, 9500]) {
      await settle();
      const { TokenRequestError } = await import("../src/errors/token-request-error.ts");
      hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: pause }));
      await clock.advance(pause);
    }
    await clock.advance(9000);
    hand.last.give(response("1"));
    await settle();
    expect([joined.value?.accessToken, hand.calls.length]).toEqual(["access-1", 3]);
  });

  it("is joined while it waits in a long queue", async () => {
    const queue = createTokenEndpointQueue({ clock, concurrency: 1 });
    let running = 0;
    const slow = Array.from({ length: 6 }, () => setUp({ clock, queue }));
    for (const { tokens } of slow) void tokens.get().catch(() => {});
    const { tokens, hand } = setUp({ clock, queue });
    const callers = [new Outcome(tokens.get()), new Outcome(tokens.get())];
    for (const each of slow) {
      await clock.advance(9000);
      running += each.hand.calls.length;
      each.hand.last.give(response("slow"));
      await settle();
    }
    await settle();
    expect([running, hand.calls.length]).toEqual([6, 1]);
    hand.last.give(response("1"));
    await settle();
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-1", "access-1"]);
  });

  it("is not dropped by a process that was stopped, and finds everything silent at first", async () => {
    const { tokens, hand } = setUp({ clock });
    const callers = [new Outcome(tokens.get()), new Outcome(tokens.get())];
    await clock.advance(5000);
    clock.skip(3_600_000);
    await clock.advance(100);
    hand.last.give(response("1"));
    await settle();
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-1", "access-1"]);
    expect(hand.calls).toHaveLength(1);
  });
});

describe("a promise of a refresh that the runtime rejects itself", () => {
  it("is not what who joined it gets: it starts another one", async () => {
    const hand = new HandSource();
    const { tokens } = setUp({ clock, hand });
    const raw = new Error("The request has ended.");
    using race = vi.spyOn(Promise, "race").mockRejectedValueOnce(raw);
    const first = new Outcome(tokens.get());
    await settle();
    expect(first.reason).toBe(raw);
    race.mockRejectedValueOnce(raw);
    const joined = new Outcome(tokens.get());
    // The intent of the one that was dropped is waited for, as that of another process is.
    await clock.advance(1100);
    expect([joined.state, hand.calls.length]).toEqual(["pending", 2]);
    hand.last.give(response("2"));
    await settle();
    expect(joined.value?.accessToken).toBe("access-2");
  });

  it("of its own caller's signal ends that caller's wait as ever", async () => {
    const { tokens, hand } = setUp({ clock });
    void tokens.get().catch(() => {});
    const controller = new AbortController();
    const joined = new Outcome(tokens.get({ signal: controller.signal }));
    await settle();
    controller.abort("enough");
    await settle();
    expect([joined.reason, hand.calls.length]).toEqual(["enough", 1]);
  });
});

it("a refresh that was dropped and answers after all loses nothing, and changes nothing that is newer", async () => {
  const store = memoryStore();
  const hand = new HandSource();
  const { tokens } = setUp({ clock, store, key: "alice", hand });
  await tokens.save(response("1"));
  clock.skip(3_600_000);
  void tokens.get().catch(() => {});
  await settle();
  clock.end("first");
  clock.request = "second";
  const second = new Outcome(tokens.get());
  for (let seconds = 0; hand.calls.length < 2 && seconds < 60; seconds += 1) await clock.advance(1000);
  hand.calls[1]?.give(response("second"));
  await settle();
  hand.calls[0]?.give(response("late"));
  await settle();
  expect([second.value?.accessToken, tokens.peek()?.accessToken]).toEqual(["access-second", "access-second"]);
  const entry = await store.read(await storeKey("test", "alice"));
  expect(entry?.value).toContain("access-second");
});
