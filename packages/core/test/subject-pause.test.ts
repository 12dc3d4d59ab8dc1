import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import type { VersionedRecord } from "../src/refresh/cell.ts";
import { pauseAfter } from "../src/record/pause-after.ts";
import { SubjectPause } from "../src/refresh/subject-pause.ts";
import type { Pause } from "../src/record/record.ts";
import "./fixed-seed.ts";
import { TestClock } from "./test-clock.ts";

let clock: TestClock;
let pauses: SubjectPause;

/** An entry with a note of a failure, decoded anew, as each reading of a store gives it. */
function entry(version: string | undefined, fields: Partial<Pause> = {}): VersionedRecord {
  return {
    version,
    heard: 0,
    record: { generation: 1, pause: { duration: 1000, begun: clock.now(), failures: 1, outcome: "unknown", ...fields } },
  };
}

beforeEach(() => {
  clock = new TestClock();
  pauses = new SubjectPause(clock);
});

describe("a pause", () => {
  it("is none when no failure was noted", () => {
    expect(pauses.left()).toBe(0);
    expect(pauses.leftIn({ version: "1", heard: 0, record: { generation: 1 } })).toBe(0);
  });

  it("that was begun here is over after its duration, and its failure is told", () => {
    const failure = new TokenRequestError("unknown", "No.");
    const note = { duration: 1000, begun: clock.now(), failures: 1, outcome: "unknown" } as const;
    pauses.begin(note, "1", failure);
    clock.skip(400);
    expect(pauses.left()).toBe(600);
    expect(pauses.leftIn({ version: "1", heard: 0, record: { generation: 1, pause: note } })).toBe(600);
    expect(pauses.reason({ generation: 1, pause: note })).toBe(failure);
    clock.skip(600);
    expect(pauses.left()).toBe(0);
  });

  it("that somebody else noted is measured once, not anew with each reading", () => {
    const { record } = entry("1");
    expect(pauses.leftIn({ version: "1", heard: 0, record })).toBe(1000);
    clock.skip(400);
    expect(pauses.leftIn({ version: "1", heard: 0, record: structuredClone(record) })).toBe(600);
    clock.skip(600);
    expect(pauses.leftIn({ version: "1", heard: 0, record: structuredClone(record) })).toBe(0);
  });

  it("that somebody else noted long ago is over, also for one who sees it for the first time", () => {
    const seen = entry("1");
    clock.skip(1000);
    expect(pauses.leftIn(seen)).toBe(0);
  });

  it("by a clock that is ahead or far behind is never longer than its duration", () => {
    const ahead = entry("1", { begun: clock.now() + 86_400_000 });
    expect(pauses.leftIn(ahead)).toBe(1000);
    clock.skip(400);
    expect(pauses.leftIn(structuredClone(ahead))).toBe(600);
    expect(pauses.leftIn(entry("2", { begun: 0 }))).toBe(0);
  });

  it("does not care about a wall clock that is set while it lasts", () => {
    pauses.leftIn(entry("1"));
    clock.setWall(0);
    expect(pauses.left()).toBe(1000);
  });

  it("begins anew with each new note", () => {
    pauses.leftIn(entry("1"));
    clock.skip(900);
    expect(pauses.leftIn(entry("2", { duration: 2000 }))).toBe(2000);
  });

  it("without a store is known by its note, under whatever version", () => {
    const seen = entry(undefined);
    pauses.begin(seen.record.pause as Pause, "2");
    clock.skip(400);
    expect(pauses.leftIn(seen)).toBe(600);
  });

  it("that somebody else noted is explained with its outcome and the time that is left", () => {
    const seen = entry("1", { outcome: "throttled" });
    pauses.leftIn(seen);
    clock.skip(400);
    expect(pauses.reason(seen.record)).toMatchObject({ code: "ERR_TOKEN_REQUEST_THROTTLED", retryAfter: 600 });
  });
});

const outcomes = ["not-sent", "throttled", "unknown", "refused"] as const;

describe.each([
  ["not-sent", [100, 400, 1600, 6400, 25_600, 60_000, 60_000]],
  ["throttled", [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]],
  ["unknown", [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]],
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
  expect(pauseAfter("unknown", 1, undefined, 0.5)).toBe(1050);
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
