import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { TokenflightError } from "../src/errors/tokenflight-error.ts";
import type { TokenEvent } from "../src/events.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { StrictServer, type Fate } from "./strict-server.ts";
import { settle, TestClock } from "./test-clock.ts";

/** What happens next, to which cache. */
type Step =
  | { do: "get" | "impatient get" | "long get" | "peek" | "renew" | "renew an old one"; cache: number }
  | { do: "log in" | "log out"; cache: number }
  | { do: "pass"; seconds: number }
  | { do: "settle"; turns: number };

/** How a store's reply to an operation may go wrong. */
type Slip = "none" | "fails" | "reply-lost";

interface World {
  readonly fates: Iterator<Fate>;
  readonly slips: Iterator<Slip>;
  readonly shared: boolean;
}

beforeAll(hashAtOnce);

const usual: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("get" as const, "impatient get", "long get", "peek"), cache: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("renew" as const, "renew an old one"), cache: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.constantFrom(1, 100, 460, 600, 600) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const), turns: fc.nat(8) }) },
);
const withSessions = fc.oneof(
  { weight: 9, arbitrary: usual },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("log in" as const, "log out"), cache: fc.nat(2) }) },
);

/** Three caches, as in three processes, over one store, one server and one clock; every reply comes when the scheduler wants it. */
async function live(
  scheduler: fc.Scheduler,
  steps: Step[],
  world: World,
): Promise<{ server: StrictServer; events: TokenEvent[][]; calls: Outcome<unknown>[] }> {
  const clock = new TestClock();
  const server = new StrictServer();
  const memory = memoryStore();
  const arrives = <Value>(label: string, value: Value): Promise<Value> => scheduler.schedule(Promise.resolve(value), label);
  const slipping = async <Value>(label: string, operation: () => Promise<Value>): Promise<Value> => {
    const slip = (await arrives(label, world.slips.next().value)) as Slip;
    if (slip === "fails") throw new Error("The store is away.");
    const value = await operation();
    await arrives(`${label} reply`, undefined);
    if (slip === "reply-lost") throw new Error("The store is away.");
    return value;
  };
  const store: TokenStore = {
    read: (key) => slipping("read", () => memory.read(key)),
    compareAndSet: (key, ...rest) => slipping("write", () => memory.compareAndSet(key, ...rest)),
    ...(world.shared ? { watch: (key, changed) => memory.watch?.(key, changed) ?? (() => {}) } : {}),
  };
  const events: TokenEvent[][] = [[], [], []];
  const queue = createTokenEndpointQueue({ concurrency: 2, clock });
  const caches = events.map((list) =>
    createTokenCache({
      store,
      clock,
      identity: "test",
      key: "alice",
      queue: world.shared ? queue : createTokenEndpointQueue({ clock }),
      observe: (event) => list.push(event),
      source: async ({ previous }) => {
        await arrives("request", undefined);
        const fate = world.fates.next().value as Fate;
        try {
          return server.refresh(previous?.refreshToken, fate);
        } finally {
          await arrives("answer", undefined);
        }
      },
    }),
  );

  const calls: Outcome<unknown>[] = [];
  const seen: TokenSet[] = [];
  const watch = (call: Promise<unknown>): void => {
    calls.push(new Outcome(call));
  };
  /** One reply arrives, or, if none is under way, the next timer is called. */
  const turn = async (): Promise<boolean> => {
    await settle();
    if (scheduler.count() > 0) await scheduler.waitOne();
    else if (!clock.fireNext()) return false;
    return true;
  };
  const act = (step: Step): void => {
    const tokens = caches["cache" in step ? step.cache : 0] as TokenCache;
    const current = tokens.peek();
    if (current !== undefined && !seen.includes(current)) seen.push(current);
    if (step.do === "get") watch(tokens.get());
    if (step.do === "long get") watch(tokens.get({ minValidity: 500 }));
    if (step.do === "renew" && current !== undefined) watch(tokens.renew(current));
    if (step.do === "renew an old one" && seen[0] !== undefined) watch(tokens.renew(seen[0]));
    if (step.do === "log in") watch(tokens.save(server.logIn()));
    if (step.do === "log out") watch(tokens.forget());
    if (step.do === "pass") clock.setWall(clock.now() + step.seconds * 1000);
    if (step.do === "impatient get") {
      const controller = new AbortController();
      watch(tokens.get({ signal: controller.signal }));
      void scheduler.schedule(Promise.resolve(), "abort").then(() => controller.abort());
    }
  };

  watch((caches[0] as TokenCache).save(server.logIn()));
  for (let left = 500; left > 0 && calls[0]?.state === "pending"; left -= 1) await turn();
  for (const step of steps) {
    act(step);
    for (let turns = step.do === "settle" ? step.turns : 0; turns > 0; turns -= 1) await turn();
  }
  // To the end of everything that is under way, refreshes that nobody waits for too.
  for (let left = 20_000; left > 0 && (await turn()); left -= 1);
  return { server, events, calls };
}

function* always<Value>(value: Value): Generator<Value> {
  for (;;) yield value;
}

/** One after the other, and the last for ever. */
function* each<Value>(values: Value[], last: Value): Generator<Value> {
  yield* values;
  yield* always(last);
}

function expectTypedEnds(calls: Outcome<unknown>[]): void {
  expect(calls.filter(({ state }) => state === "pending")).toEqual([]);
  for (const { state, reason } of calls) {
    if (state === "rejected") expect(reason instanceof TokenflightError || (reason as Error).name === "AbortError").toBe(true);
  }
}

it("never sends a refresh token twice, whatever happens when, and every call ends", async () => {
  const fates = fc.array(fc.constantFrom<Fate>("answered", "answered", "not-sent", "throttled"), { maxLength: 6, size: "max" });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(withSessions, { minLength: 5, maxLength: 30, size: "max" }),
      fates,
      fc.boolean(),
      async (scheduler, steps, given, shared) => {
        const { server, calls } = await live(scheduler, steps, { fates: each(given, "answered"), slips: always("none"), shared });
        expect(server.seenTwice).toEqual([]);
        expectTypedEnds(calls);
      },
    ),
    { numRuns: 500 },
  );
});

it("obtains each generation once, and every cache sees generations only go up", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(usual, { minLength: 5, maxLength: 30, size: "max" }), async (scheduler, steps) => {
      const { server, events } = await live(scheduler, steps, { fates: always("answered"), slips: always("none"), shared: true });
      const obtained = events.flat().flatMap((event) => (event.type === "token-obtained" ? [event.generation] : []));
      expect(new Set(obtained).size).toBe(obtained.length);
      expect(obtained.length).toBe(server.issued - 1);
      for (const list of events) {
        const generations = list.flatMap((event) => ("generation" in event ? [event.generation] : []));
        expect(generations).toEqual(generations.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 500 },
  );
});

it("never sends a refresh token twice over a store that fails and loses replies, and every call ends", async () => {
  const slips = fc.array(fc.constantFrom<Slip>("none", "none", "none", "fails", "reply-lost"), { maxLength: 60, size: "max" });
  const fates = fc.array(fc.constantFrom<Fate>("answered", "answered", "not-sent"), { maxLength: 6, size: "max" });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(usual, { minLength: 5, maxLength: 25, size: "max" }),
      slips,
      fates,
      async (scheduler, steps, slipping, given) => {
        const { server, calls } = await live(scheduler, steps, {
          fates: each(given, "answered"),
          slips: each(["none", ...slipping], "none"),
          shared: true,
        });
        expect(server.seenTwice).toEqual([]);
        expectTypedEnds(calls);
      },
    ),
    { numRuns: 500 },
  );
});

it("sends a refresh token again only after an answer was lost, once for each lost answer", async () => {
  const fates = fc.array(fc.constantFrom<Fate>("answered", "answer-lost"), { maxLength: 6, size: "max" });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(usual, { minLength: 5, maxLength: 30, size: "max" }),
      fates,
      async (scheduler, steps, given) => {
        const { server, calls } = await live(scheduler, steps, { fates: each(given, "answered"), slips: always("none"), shared: true });
        expect(server.seenTwice.length).toBeLessThanOrEqual(Math.min(1, given.filter((fate) => fate === "answer-lost").length));
        expectTypedEnds(calls);
      },
    ),
    { numRuns: 500 },
  );
});
