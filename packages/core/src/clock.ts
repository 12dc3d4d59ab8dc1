import { abortWith, reasonOf } from "./platform/signals.ts";

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

type Timing = Pick<Clock, "schedule" | "monotonic">;

/**
 * Like `schedule`, for the end of a wait for I/O. A process that was stopped finds its timers due before it has read what arrived meanwhile
 * (a function instance that was frozen, a closed laptop): a timer that is late gives it another second.
 */
export function scheduleEnd(clock: Timing, callback: () => void, delay: number, ref?: boolean): () => void {
  const due = clock.monotonic() + delay;
  let cancel = clock.schedule(
    () => {
      // The second may be slept through as well.
      if (clock.monotonic() - due > longestLateness) cancel = scheduleEnd(clock, callback, longestLateness, ref);
      else callback();
    },
    delay,
    ref,
  );
  return () => cancel();
}

/** Resolves after `delay`, or as soon as `signal` aborts: the caller looks at the signal itself. */
export function wait(clock: Pick<Clock, "schedule">, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.schedule(done, delay);
    signal?.addEventListener("abort", done);
  });
}

/** Keeps the signals of those who wait, of which nobody else may know, from the garbage collector: a promise that never settles keeps nothing. */
const waits = new Set<() => void>();

/** Waits for a promise until this caller's signal aborts, and rejects with the signal's reason then. The promise goes on, and its other users notice nothing. */
export function waitFor<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    // This caller leaves at once, and nobody else may handle a later rejection.
    promise.catch(() => {});
    return Promise.reject(reasonOf(signal));
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => (leave(), reject(reasonOf(signal)));
    const leave = (): void => {
      waits.delete(abort);
      signal.removeEventListener("abort", abort);
    };
    waits.add(abort);
    signal.addEventListener("abort", abort);
    promise.then(
      (value) => (leave(), resolve(value)),
      (error: unknown) => (leave(), reject(error)),
    );
  });
}

/**
 * Gives work a signal that aborts at the deadline, `timeout` milliseconds from now, and with the caller's: the work has to end then. For a process
 * that was stopped meanwhile the deadline is a second later than its end.
 */
export async function withDeadline<Value>(
  clock: Timing,
  timeout: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Value>,
  overdue?: () => Error,
): Promise<Value> {
  const deadline = new AbortController();
  const leave = (): void => abortWith(deadline, caller === undefined ? undefined : reasonOf(caller));
  const cancel = scheduleEnd(clock, () => abortWith(deadline, overdue?.()), timeout);
  try {
    // In place of AbortSignal.any, which has more to do, and which browsers before 2023 do not have.
    if (caller?.aborted) leave();
    else caller?.addEventListener("abort", leave, { once: true, signal: deadline.signal });
    return await work(deadline.signal);
  } finally {
    caller?.removeEventListener("abort", leave);
    cancel();
  }
}
