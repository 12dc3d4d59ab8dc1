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

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  random: Math.random,
  schedule(callback, delay, ref = false) {
    const timer = setTimeout(callback, Math.min(delay, longestDelay)) as number | { unref?(): void };
    // Node's timers are objects and keep the process alive until they are told not to. Elsewhere timers are numbers.
    if (!ref && typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as number);
  },
};

/** Resolves after `delay`, or as soon as `signal` aborts: the caller looks at the signal itself. With `ref` the wait keeps the process alive. */
export function wait(clock: Pick<Clock, "schedule">, delay: number, signal?: AbortSignal, ref = false): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.schedule(done, delay, ref);
    signal?.addEventListener("abort", done);
  });
}

/** Waits for a promise until this caller's signal aborts, and rejects with the signal's reason then. The promise goes on, and its other users notice nothing. */
export function waitFor<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    // This caller leaves at once, and nobody else may handle a later rejection.
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Gives work a signal that aborts at the deadline, `timeout` milliseconds from now, and with the caller's: the work has to end then. */
export async function withDeadline<Value>(
  clock: Pick<Clock, "schedule">,
  timeout: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Value>,
  overdue?: () => Error,
): Promise<Value> {
  const deadline = new AbortController();
  const cancel = clock.schedule(() => deadline.abort(overdue?.()), timeout);
  try {
    return await work(caller === undefined ? deadline.signal : AbortSignal.any([caller, deadline.signal]));
  } finally {
    cancel();
  }
}
