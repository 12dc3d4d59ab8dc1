import { abortWith, reasonOf } from "../platform/signals.ts";
import { longestLateness, type Clock } from "./clock.ts";

/** The parts of a clock that measure a deadline, in milliseconds. */
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
