import { expect } from "vitest";
import type { Ended } from "./isolate.ts";

export const works: Ended["answer"] = { status: 200 };
export const refused: Ended["answer"] = { status: 401 };
export const needsLogin: Ended["answer"] = { error: "ERR_LOGIN_REQUIRED" };
export const gaveUp = { answer: { error: expect.stringContaining("TimeoutError") as string } };

/** What a busy machine adds. */
const slack = 2500;
/** Milliseconds that a request may take, with token requests that may take two seconds. */
export const bounds = {
  /** Nobody is waited for, but a token request that is under way. */
  atOnce: slack,
  /** A silent owner was waited for, whose request used nothing up. */
  usesNothingUp: 1000 + slack,
  /** A silent owner was waited for until the deadline of its intent, and then for a result that it may have had. */
  intent: 3000 + 500 + slack,
  /** A slot of the queue was waited for, and then a silent owner. */
  slot: 3500 + slack,
} as const;

/** What a test waits for on a machine that is busy with other tests. */
export const patience = { timeout: 10_000, interval: 10 };

/** The request ended in this way, and not later than that. */
export function expectWithin({ answer, ms }: Ended, expected: Ended["answer"], bound: number): void {
  expect(answer).toEqual(expected);
  expect(ms).toBeLessThan(bound);
}
