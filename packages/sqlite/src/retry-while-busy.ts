import { StoreError } from "@tokenflight/core";
import { setTimeout as wait } from "node:timers/promises";
import { isBusy } from "./sqlite-error.ts";

/** Milliseconds between two attempts. A transaction of another connection takes about as long as one flush of the disk. */
const shortestDelay = 1;
const longestDelay = 8;

/**
 * Repeats `work` while SQLite says busy, and lets the event loop go on in between. Rejects with a StoreError when that took longer than
 * `timeout` milliseconds, with the signal's reason when it aborts, and with every other error of `work` as it is.
 */
export async function retryWhileBusy<Result>(work: () => Result, timeout: number, signal: AbortSignal | undefined): Promise<Result> {
  const until = performance.now() + timeout;
  for (let delay = shortestDelay; ; delay = Math.min(delay * 2, longestDelay)) {
    signal?.throwIfAborted();
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= until) {
        const message = `The SQLite store was busy for ${timeout / 1000} s: another connection keeps it locked.`;
        throw new StoreError("ERR_STORE_UNAVAILABLE", message, { cause: error });
      }
    }
    // Each attempt waits for a random share of the delay, so that those who wait do not meet again.
    await wait(shortestDelay + Math.random() * (delay - shortestDelay), undefined, signal === undefined ? {} : { signal }).catch(() => {
      signal?.throwIfAborted();
    });
  }
}
