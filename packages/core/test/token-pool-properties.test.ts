import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { createTokenPool } from "../src/cache/token-pool.ts";
import "./fixed-seed.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

const keys = ["a", "b", "c", "d", "e", "f"];
/** A subject is used, refreshes, or its refresh ends. */
const steps = fc.array(fc.record({ do: fc.constantFrom("use" as const, "refresh", "end"), key: fc.constantFrom(...keys) }), {
  minLength: 10,
  maxLength: 60,
  size: "max",
});

it("keeps the ones that were used last, everybody who is refreshing, and no more", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
      const running = new Set<string>();
      const pending = new Map<string, () => void>();
      const clock = new TestClock();
      const pool = createTokenPool({
        limit,
        clock,
        // A refresh that is silent for longer than its timeout is nobody's any more.
        timeouts: { request: 600 },
        source: (key) => () =>
          new Promise((resolve) => {
            pending.set(key, () => resolve({ access_token: key, expires_in: 6 }));
          }),
      });
      const caches = new Map<string, TokenCache>();
      /** Least recently used first. */
      let order: string[] = [];

      for (const { do: what, key } of steps) {
        if (what === "end") {
          if (running.delete(key)) pending.get(key)?.();
          await settle();
          continue;
        }
        const isKept = order.includes(key);
        // The model: who is not refreshing leaves, the least recently used first, until there is room for this one.
        order = order.filter((other) => other !== key);
        let tooMany = order.length - limit + 1;
        order = order.filter((other) => running.has(other) || tooMany-- <= 0);
        order.push(key);
        const cache = pool.for(key);
        expect(cache === caches.get(key)).toBe(isKept);
        caches.set(key, cache);
        expect(pool.size).toBe(order.length);
        expect(pool.size).toBeLessThanOrEqual(Math.max(limit, running.size + 1));
        if (what === "use" || running.has(key)) continue;
        // Whatever it has is over.
        clock.skip(6000);
        void cache.get().catch(() => {});
        await settle();
        running.add(key);
      }
    }),
    { numRuns: 300 },
  );
});
