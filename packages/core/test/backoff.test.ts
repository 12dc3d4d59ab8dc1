import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pauseAfter } from "../src/refresh/backoff.ts";
import "./fixed-seed.ts";

const outcomes = ["not-sent", "throttled", "unknown", "refused"] as const;

describe.each([
  ["not-sent", [100, 400, 1600, 6400, 25_600, 60_000, 60_000]],
  ["throttled", [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]],
  ["unknown", [500, 1000, 2000, 4000, 8000, 16_000, 32_000]],
  ["refused", [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]],
] as const)("pauses after %s", (outcome, pauses) => {
  it("grow from failure to failure", () => {
    expect(pauses.map((_, index) => pauseAfter(outcome, index + 1, undefined, 0))).toEqual(pauses);
  });
});

it("waits at least as long as the server asked, and at most an hour", () => {
  expect(pauseAfter("throttled", 1, 30_000, 0)).toBe(30_000);
  expect(pauseAfter("throttled", 6, 1, 0)).toBe(32_000);
  expect(pauseAfter("throttled", 1, 1e12, 0)).toBe(3_600_000);
  expect(pauseAfter("throttled", 1, -5, 0)).toBe(1000);
});

it("adds up to a tenth by chance and stays finite after any number of failures", () => {
  expect(pauseAfter("unknown", 1, undefined, 0.5)).toBe(525);
  fc.assert(
    fc.property(
      fc.constantFrom(...outcomes),
      fc.integer({ min: 1, max: 100_000 }),
      fc.option(fc.double(), { nil: undefined }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (outcome, failures, retryAfter, chance) => {
        const pause = pauseAfter(outcome, failures, retryAfter, chance);
        expect(pause).toBeGreaterThanOrEqual(100);
        expect(pause).toBeLessThanOrEqual(3_600_000 * 1.1);
      },
    ),
  );
});
