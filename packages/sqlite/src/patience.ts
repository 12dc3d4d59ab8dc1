import { StoreError } from "@tokenflight/core";
import { setTimeout as pause } from "node:timers/promises";
import { isBusy } from "./sqlite-error.ts";

/** Milliseconds between two attempts: a transaction of another connection takes about as long as one flush of the disk. */
const shortest = 1;
const longest = 8;

/**
 * Repeats `work` while SQLite says busy, and lets the event loop go on in between. Rejects with a StoreError when that took longer than
 * `patience` milliseconds, with the signal's reason when it aborts, and with every other error of `work`'s as it is.
 */
export async function whileBusy<Result>(work: () => Result, patience: number, signal: AbortSignal | undefined): Promise<Result> {
  const until = performance.now() + patience;
  for (let delay = shortest; ; delay = Math.min(delay * 2, longest)) {
    signal?.throwIfAborted();
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= until) {
        const told = `The SQLite store was busy for ${patience / 1000} s: another connection keeps it locked.`;
        throw new StoreError("ERR_STORE_UNAVAILABLE", told, { cause: error });
      }
    }
    // A random share of the delay, so that those who wait do not meet again.
    await pause(shortest + Math.random() * (delay - shortest), undefined, signal === undefined ? {} : { signal }).catch(() => {
      signal?.throwIfAborted();
    });
  }
}
