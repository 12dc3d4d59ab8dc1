import PQueue from "p-queue";
import { systemClock, type Clock } from "../clock.ts";
import { EndpointHold } from "./endpoint-pause.ts";
import { InvalidOptionError } from "../errors.ts";
import { kindOf, readOptions, requireMethods } from "../options.ts";
import type { Urgency } from "../tokens/token-source.ts";

export interface TokenEndpointQueueOptions {
  /** Token requests under way at one time. Default 8. */
  concurrency?: number | undefined;
  /** Length of the rate limit's window, in seconds. Default: no rate limit. */
  interval?: number | undefined;
  /** Token requests in any window of that length. */
  intervalCap?: number | undefined;
  clock?: Clock | undefined;
}

/** The way to one token endpoint, shared by all caches that use it. */
export interface TokenEndpointQueue {
  /** Runs the task when its turn comes. A task that somebody waits for goes before a refresh ahead. */
  run<Result>(task: () => Promise<Result>, options: { id: string; urgency: Urgency }): Promise<Result>;
  /** Somebody began to wait for this task: it is moved before the refreshes ahead, unless it runs already. */
  raise(id: string): void;
  /** The endpoint asked for patience: until `delay` milliseconds are over, every task fails as throttled. */
  hold(delay: number): void;
  /** Milliseconds for which the endpoint is on hold. */
  heldFor(): number;
}

/** In seconds: a longer interval overflows a timer. */
const longestInterval = 2_147_483;

const priorities: Record<Urgency, number> = { blocking: 1, ahead: 0 };

/**
 * A queue over p-queue. Its tasks carry their own deadlines: a timeout of p-queue, or an abort, would free the slot while the token
 * request still runs.
 */
export function createTokenEndpointQueue(options: TokenEndpointQueueOptions = {}): TokenEndpointQueue {
  const read = readOptions("createTokenEndpointQueue", options, ["concurrency", "interval", "intervalCap", "clock"]);
  const { concurrency = 8, interval, intervalCap, clock = systemClock } = read;
  if (concurrency !== Number.POSITIVE_INFINITY) requireCount("concurrency", concurrency);
  if (interval !== undefined && !(typeof interval === "number" && interval > 0 && interval <= longestInterval)) {
    throw new InvalidOptionError("interval", `a number of seconds above zero, at most ${longestInterval}`, kindOf(interval));
  }
  if (intervalCap !== undefined) requireCount("intervalCap", intervalCap);
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  if ((interval === undefined) !== (intervalCap === undefined)) {
    throw new InvalidOptionError("interval, intervalCap", "both or neither", "one of them");
  }

  const limit = interval === undefined || intervalCap === undefined ? {} : { interval: interval * 1000, intervalCap, strict: true };
  const queue = new PQueue({ concurrency, ...limit });
  const held = new EndpointHold(clock);

  return {
    heldFor: () => held.left(),
    hold: (delay) => held.begin(delay),
    run(task, { id, urgency }) {
      return queue.add(
        () => {
          held.check();
          return task();
        },
        { id, priority: priorities[urgency] },
      ) as ReturnType<typeof task>;
    },
    raise(id) {
      try {
        queue.setPriority(id, priorities.blocking);
      } catch (error) {
        // p-queue's way to say that the task has started, or is done.
        if (!(error instanceof ReferenceError)) throw error;
      }
    },
  };
}

function requireCount(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) <= 0)
    throw new InvalidOptionError(name, "a whole number above zero", kindOf(value));
}
