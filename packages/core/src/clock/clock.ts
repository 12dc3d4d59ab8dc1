/** Time and chance, in one place that tests can replace. All times are in milliseconds. */
export interface Clock {
  /** The wall clock, since the UNIX epoch: an expiry is compared with it. */
  now(): number;
  /** A clock that nobody sets: waits are measured with it. */
  monotonic(): number;
  /** Calls back once after `delay` and returns how to cancel. The timer keeps the process alive only if `ref` is true. */
  schedule(callback: () => void, delay: number, ref?: boolean): () => void;
  /** A number from 0 up to, not including, 1. */
  random(): number;
}

/** The longest delay of a timer. A longer one overflows, and the timer then fires at once. */
export const longestDelay = 2_147_483_647;
/** A timer that fires so many milliseconds after it was due tells of a process that was stopped meanwhile. */
export const longestLateness = 1000;

/** Everything of the platform is looked up at each call, so that fake timers which are installed later count as well. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: createMonotonic(),
  random: () => Math.random(),
  schedule(callback, delay, ref = false) {
    const timer = setTimeout(callback, Math.min(delay, longestDelay)) as number | { unref?(): void };
    // Node's timers are objects and keep the process alive until they are told not to. Elsewhere timers are numbers.
    if (!ref && typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as number);
  },
};

/** Fake timers set `performance.now` back to zero; time that was measured before goes on from there. */
function createMonotonic(): () => number {
  let last = 0;
  let ahead = 0;
  return () => {
    const read = performance.now() + ahead;
    if (read < last) ahead += last - read;
    return (last = Math.max(last, read));
  };
}
