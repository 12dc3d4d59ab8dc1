import { systemClock, waitFor } from "@tokenflight/core";

/**
 * Does work under one deadline, `timeout` in milliseconds, and under the caller's signal. The work looks at the signal that it is given
 * and ends when it aborts. The timer does not keep the process alive.
 */
export async function withDeadline<Result>(
  timeout: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController();
  const cancel = systemClock.schedule(() => deadline.abort(), timeout);
  try {
    return await work(caller === undefined ? deadline.signal : AbortSignal.any([caller, deadline.signal]));
  } finally {
    cancel();
  }
}

/** Waits until the signal aborts, and then rejects with its reason. A later failure of what was waited for is nobody's. */
export function within<Value>(signal: AbortSignal, awaited: Promise<Value>): Promise<Value> {
  awaited.catch(() => {});
  return waitFor(awaited, signal);
}
