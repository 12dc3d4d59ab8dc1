import { beforeEach, describe, expect, it } from "vitest";
import type { Seen } from "../src/refresh/cell.ts";
import { TokenRequestError } from "../src/errors.ts";
import { Pauses } from "../src/refresh/pauses.ts";
import type { Pause } from "../src/refresh/record.ts";
import { TestClock } from "./test-clock.ts";

let clock: TestClock;
let pauses: Pauses;

/** An entry with a note of a failure, decoded anew, as each reading of a store gives it. */
function entry(version: string | undefined, fields: Partial<Pause> = {}): Seen {
  return { version, record: { generation: 1, pause: { duration: 1000, begun: clock.now(), failures: 1, outcome: "unknown", ...fields } } };
}

beforeEach(() => {
  clock = new TestClock();
  pauses = new Pauses(clock);
});

describe("a pause", () => {
  it("is none when no failure was noted", () => {
    expect(pauses.left()).toBe(0);
    expect(pauses.leftOf({ version: "1", record: { generation: 1 } })).toBe(0);
  });

  it("that was begun here is over after its duration, and its failure is told", () => {
    const failure = new TokenRequestError("unknown", "No.");
    const note = { duration: 1000, begun: clock.now(), failures: 1, outcome: "unknown" } as const;
    pauses.begin(note, "1", failure);
    clock.skip(400);
    expect(pauses.left()).toBe(600);
    expect(pauses.leftOf({ version: "1", record: { generation: 1, pause: note } })).toBe(600);
    expect(pauses.reason({ generation: 1, pause: note })).toBe(failure);
    clock.skip(600);
    expect(pauses.left()).toBe(0);
  });

  it("that somebody else noted is measured once, not anew with each reading", () => {
    const { record } = entry("1");
    expect(pauses.leftOf({ version: "1", record })).toBe(1000);
    clock.skip(400);
    expect(pauses.leftOf({ version: "1", record: structuredClone(record) })).toBe(600);
    clock.skip(600);
    expect(pauses.leftOf({ version: "1", record: structuredClone(record) })).toBe(0);
  });

  it("that somebody else noted long ago is over, also for one who sees it for the first time", () => {
    const seen = entry("1");
    clock.skip(1000);
    expect(pauses.leftOf(seen)).toBe(0);
  });

  it("by a clock that is ahead or far behind is never longer than its duration", () => {
    const ahead = entry("1", { begun: clock.now() + 86_400_000 });
    expect(pauses.leftOf(ahead)).toBe(1000);
    clock.skip(400);
    expect(pauses.leftOf(structuredClone(ahead))).toBe(600);
    expect(pauses.leftOf(entry("2", { begun: 0 }))).toBe(0);
  });

  it("does not care about a wall clock that is set while it lasts", () => {
    pauses.leftOf(entry("1"));
    clock.setWall(0);
    expect(pauses.left()).toBe(1000);
  });

  it("begins anew with each new note", () => {
    pauses.leftOf(entry("1"));
    clock.skip(900);
    expect(pauses.leftOf(entry("2", { duration: 2000 }))).toBe(2000);
  });

  it("without a store is known by its note, under whatever version", () => {
    const seen = entry(undefined);
    pauses.begin(seen.record.pause as Pause, "2");
    clock.skip(400);
    expect(pauses.leftOf(seen)).toBe(600);
  });

  it("that somebody else noted is explained with its outcome and the time that is left", () => {
    const seen = entry("1", { outcome: "throttled" });
    pauses.leftOf(seen);
    clock.skip(400);
    expect(pauses.reason(seen.record)).toMatchObject({ code: "ERR_TOKEN_REQUEST_THROTTLED", retryAfter: 600 });
  });
});
