import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createTokenPool } from "../src/cache/token-pool.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { ownOnly, ownOption } from "../src/platform/own.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { ttlOf } from "../src/store/store.ts";
import { HandSource } from "./hand-source.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle } from "./test-clock.ts";

const aborted = AbortSignal.abort("from the prototype");
const forbidden = (): never => {
  throw new Error("from the prototype");
};
/** What somebody has put on every object of the program. */
const polluted: Record<string, unknown> = {
  signal: aborted,
  minValidity: 1e9,
  revoke: true,
  store: { read: forbidden, compareAndSet: forbidden },
  queue: { run: forbidden, raise: forbidden, pause: forbidden, pausedFor: forbidden },
  clock: { now: forbidden, monotonic: forbidden, schedule: forbidden, random: forbidden },
  timeouts: { request: 1e-9, store: 1e-9 },
  freshness: { ahead: 1e9, margin: 1e9, defaultLifetime: 1e-9 },
  request: 1e-9,
  ahead: 1e9,
  margin: 1e9,
  defaultLifetime: 1e-9,
  keepAlive: forbidden,
  observe: forbidden,
  key: "from the prototype",
  limit: 1,
  concurrency: 1,
  interval: 1e6,
  intervalCap: 1,
  ttl: 1,
  expires_in: 1e-9,
  refresh_token: "from the prototype",
};
const prototype = Object.prototype as unknown as Record<string, unknown>;

describe("a polluted prototype", () => {
  beforeEach(() => {
    for (const [name, value] of Object.entries(polluted))
      Object.defineProperty(prototype, name, { value, configurable: true, enumerable: false, writable: true });
  });
  afterEach(() => {
    for (const name of Object.keys(polluted)) delete prototype[name];
  });

  it("sets nothing of a call", async () => {
    const hand = new HandSource();
    const tokens = createTokenCache({ source: hand.source });
    await tokens.save(response("1"));
    expect((await tokens.get({})).accessToken).toBe("access-1");
    const renewal = new Outcome(tokens.renew(await tokens.get(), {}));
    await settle();
    hand.last.give(response("2"));
    await settle();
    expect(renewal.value?.accessToken).toBe("access-2");
    await tokens.forget({});
    expect(hand.calls).toHaveLength(1);
  });

  it("sets nothing of a cache, a pool, a queue or a store", async () => {
    const source = async (): Promise<{ access_token: string }> => ({ access_token: "a" });
    const cache = createTokenCache({ source });
    const { accessToken, expiresAt, refreshToken } = await cache.get();
    expect([accessToken, expiresAt, refreshToken]).toEqual(["a", undefined, undefined]);
    expect(cache.peek()?.accessToken).toBe("a");
    const pool = createTokenPool({ source: () => source, freshness: {}, timeouts: {} });
    await Promise.all(["a", "b", "c"].map((key) => pool.for(key).get()));
    expect(pool.size).toBe(3);
    const queue = createTokenEndpointQueue({});
    let [running, most] = [0, 0];
    const task = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => queue.run(task, { id: String(index), urgency: "ahead" })));
    expect(most).toBe(8);
    const store = memoryStore();
    await store.compareAndSet("key", undefined, "value", {});
    expect((await store.read("key"))?.value).toBe("value");
    expect(ttlOf({})).toBeUndefined();
  });

  it("is not what an option is read from", () => {
    const given: { signal?: AbortSignal } = {};
    expect([ownOption(given, "signal"), ownOption<typeof given, "signal">(undefined, "signal")]).toEqual([undefined, undefined]);
    expect(ownOption({ signal: aborted }, "signal")).toBe(aborted);
    expect([ownOnly({ id: "a" }).id, (ownOnly({}) as { id?: string }).id, ownOnly<{ signal?: AbortSignal }>({}).signal]).toEqual([
      "a",
      undefined,
      undefined,
    ]);
  });
});

it("options of a call that are the caller's own count, from whatever object", async () => {
  const { tokens, hand, clock } = setUp();
  await tokens.save(response("1"));
  class Options {
    minValidity = 7200;
  }
  const wish = new Outcome(tokens.get(new Options()));
  await settle();
  expect(hand.last.context.reason).toBe("min-validity");
  hand.last.give(response("2"));
  await settle();
  expect(wish.value?.accessToken).toBe("access-2");
  clock.skip(3_600_000);
  await expect(tokens.get({ signal: aborted })).rejects.toBe("from the prototype");
  await expect(tokens.renew(await tokens.save(response("3")), { signal: aborted })).rejects.toBe("from the prototype");
});
