import { reasonOf } from "../platform/signals.ts";
import type { Clock } from "./clock.ts";

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
