/** Time and chance, in one place that tests can take over. Milliseconds everywhere. */
export interface Clock {
  /** Wall clock, since the UNIX epoch: what an expiry is compared with. */
  now(): number;
  /** A clock that no one sets: what a wait is measured with. */
  monotonic(): number;
  /** Calls back once after `delay`. Keeps the process alive only if `hold` is true: somebody waits for it. Returns how to cancel. */
  schedule(callback: () => void, delay: number, hold?: boolean): () => void;
  /** From 0 up to, not including, 1. */
  random(): number;
}

/** Longer delays overflow a timer, which then fires at once. */
const longestDelay = 2_147_483_647;

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  random: Math.random,
  schedule(callback, delay, hold = false) {
    const timer = setTimeout(callback, Math.min(delay, longestDelay)) as number | { unref?(): void };
    // Node's timers are objects and keep the process alive until told not to; elsewhere they are numbers.
    if (!hold && typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as number);
  },
};

/** Resolves after `delay`, or as soon as `signal` aborts; the caller looks at the signal itself. `hold` keeps the process alive for it. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal, hold = false): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.schedule(done, delay, hold);
    signal?.addEventListener("abort", done);
  });
}
