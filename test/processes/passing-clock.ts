import { systemClock, type Clock } from "@tokenflight/core";

/** A clock for which time can pass at once: the wall clock of tokens, while all waits are measured as ever. */
export function passingClock(): { readonly clock: Clock; pass(seconds: number): void } {
  let passed = 0;
  return {
    clock: { ...systemClock, now: () => Date.now() + passed },
    pass: (seconds) => void (passed += seconds * 1000),
  };
}

/** Seconds after which a token that lives for ten minutes is still sent, and a refresh ahead is due. */
export const untilRefreshAhead = 500;
