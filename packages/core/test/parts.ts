import { createImmediateQueue } from "../src/endpoint/immediate-queue.ts";
import { Lifetime } from "../src/refresh/lifetime.ts";
import { privateCell } from "../src/refresh/cell.ts";
import { limitsFor } from "../src/refresh/limits.ts";
import type { Refresh, SubjectParts } from "../src/refresh/refresh.ts";
import { createFreshness } from "../src/tokens/freshness.ts";
import type { TestClock } from "./test-clock.ts";

/** What a token cache is made of, for tests of a part of it. The timeout of its token requests is 10 s. */
export function partsOf(clock: TestClock, own: Partial<SubjectParts> = {}): SubjectParts {
  return {
    source: () => Promise.reject(new Error("no")),
    cell: privateCell(),
    queue: createImmediateQueue(clock),
    freshness: createFreshness({}, clock),
    clock,
    limits: limitsFor(10_000, 1000),
    lifetime: new Lifetime(clock, 60_000, undefined),
    observe: () => {},
    ...own,
  };
}

/** A refresh that has just been started. */
export function refreshOf(own: Partial<Refresh> = {}): Refresh {
  return {
    id: "me",
    reason: "missing",
    urgency: "ahead",
    began: undefined,
    failures: 0,
    obtainedAt: undefined,
    silentAfter: 0,
    queue: {},
    caller: undefined,
    awaited: new Map(),
    isOver: false,
    isLook: false,
    atOnce: false,
    accepts: () => true,
    ...own,
  };
}
