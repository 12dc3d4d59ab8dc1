import { systemClock, TokenRequestError, withDeadline, type Clock } from "@tokenflight/core";

/** The parts of a clock that measure a wait, in milliseconds. */
export type WaitingClock = Pick<Clock, "monotonic" | "schedule">;

/** The system's clock with timers that keep the process alive: whoever waits for an answer gets one, or an error, before the process ends. */
export const waitingClock: WaitingClock = {
  monotonic: () => systemClock.monotonic(),
  schedule: (callback, delay) => systemClock.schedule(callback, delay, true),
};

/**
 * Gives work a signal that aborts after `timeout` milliseconds, and with the caller's. All timeouts of this package go through here, so that
 * a process that was stopped meanwhile reads an answer that has come before it gives up (core's `withDeadline`).
 */
export function within<Value>(
  timeout: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  return withDeadline(waitingClock, timeout, caller, work);
}

/**
 * Waits for a module that is loaded when it is needed, so that a page starts without it. Rejects with TokenRequestError, "not-sent", when it cannot be loaded:
 * nothing has been sent, and a later call tries again.
 */
export async function loaded<Module>(loading: Promise<Module>): Promise<Module> {
  try {
    return await loading;
  } catch (cause) {
    throw new TokenRequestError("not-sent", "A module of Tokenflight, which is loaded when it is needed, could not be loaded.", { cause });
  }
}
