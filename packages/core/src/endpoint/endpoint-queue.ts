import PQueue from "p-queue";
import { longestDelay, systemClock, type Clock } from "../clock.ts";
import { InvalidOptionError } from "../errors.ts";
import { readOptions, requireCount, requireMethods, requireThat } from "../options.ts";
import type { Urgency } from "../tokens/token-source.ts";
import { createEndpointPause, type EndpointPause } from "./endpoint-pause.ts";

export interface TokenEndpointQueueOptions {
  /** Token requests under way at one time. Default 8. */
  concurrency?: number | undefined;
  /** Length of the rate limit's window, in seconds. Default: no rate limit. */
  interval?: number | undefined;
  /** Token requests in any window of that length. */
  intervalCap?: number | undefined;
  clock?: Clock | undefined;
}

/** Puts the token requests of all caches that share one token endpoint in order. */
export interface TokenEndpointQueue extends EndpointPause {
  /** Runs the task when its turn comes. A task that a caller waits for goes before a refresh ahead. Rejects during a pause. */
  run<Result>(task: () => Promise<Result>, options: { id: string; urgency: Urgency }): Promise<Result>;
  /** A caller began to wait for this task: it goes before the refreshes ahead, unless it runs already. */
  raise(id: string): void;
}

/** In seconds. p-queue measures the interval with a timer. */
const longestInterval = Math.floor(longestDelay / 1000);

const priorities: Record<Urgency, number> = { blocking: 1, ahead: 0 };

/** Tasks have deadlines of their own: one of p-queue would free the slot while the token request still runs. Throws InvalidOptionError. */
export function createTokenEndpointQueue(options: TokenEndpointQueueOptions = {}): TokenEndpointQueue {
  const read = readOptions("createTokenEndpointQueue", options, ["concurrency", "interval", "intervalCap", "clock"]);
  const { concurrency = 8, interval, intervalCap, clock = systemClock } = read;
  if (concurrency !== Number.POSITIVE_INFINITY) requireCount("concurrency", concurrency);
  const isInterval = interval === undefined || (typeof interval === "number" && interval > 0 && interval <= longestInterval);
  requireThat(isInterval, "interval", `a number of seconds above zero, at most ${longestInterval}`, interval);
  if (intervalCap !== undefined) requireCount("intervalCap", intervalCap);
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  if ((interval === undefined) !== (intervalCap === undefined))
    throw new InvalidOptionError("interval, intervalCap", "both or neither", "one of them");

  const limit = interval === undefined || intervalCap === undefined ? {} : { interval: interval * 1000, intervalCap, strict: true };
  const queue = new PQueue({ concurrency, ...limit });
  const { check, ...pause } = createEndpointPause(clock);

  return {
    ...pause,
    run(task, { id, urgency }) {
      const begin = (): ReturnType<typeof task> => {
        check();
        return task();
      };
      return queue.add(begin, { id, priority: priorities[urgency] }) as ReturnType<typeof task>;
    },
    raise(id) {
      try {
        queue.setPriority(id, priorities.blocking);
      } catch (error) {
        // p-queue says so that the task has started or is done.
        if (!(error instanceof ReferenceError)) throw error;
      }
    },
  };
}
