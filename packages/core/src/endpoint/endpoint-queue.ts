import { longestDelay, systemClock, type Clock } from "../clock/clock.ts";
import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import { readOptions, requireCount, requireMethods, requireThat } from "../options.ts";
import type { Urgency } from "../tokens/token-source.ts";
import { ownOnly, ownOption } from "../platform/own.ts";
import { createEndpointPause, type EndpointPause } from "./endpoint-pause.ts";
import { Slots } from "./slots.ts";

/** The options of `createTokenEndpointQueue`. */
export interface TokenEndpointQueueOptions {
  /** How many token requests may be under way at one time. Default 8. */
  concurrency?: number | undefined;
  /** Length of the rate limit's window, in seconds. Default: no rate limit. */
  interval?: number | undefined;
  /** How many token requests may begin in any window of that length. Required with `interval`. Default: no rate limit. */
  intervalCap?: number | undefined;
  /** Measures the window and the pauses. Default: the system's clock. */
  clock?: Clock | undefined;
}

/** What a queue has to know of one token request. */
export interface TokenRequestTask {
  /** Names the task for `raise`. */
  readonly id: string;
  /** "blocking" when a caller waits, "ahead" for a refresh ahead. */
  readonly urgency: Urgency;
  /** Milliseconds for which the task holds its slot at most. Default: until it has settled. */
  readonly timeout?: number | undefined;
  /** It is called by a task that holds a slot, which may wait for it: it begins beside the others. */
  readonly atOnce?: boolean | undefined;
}

/** Puts the token requests of all caches that share one token endpoint in order. */
export interface TokenEndpointQueue extends EndpointPause {
  /**
   * Runs the task when its turn comes. A task that a caller waits for goes before a refresh ahead.
   *
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_THROTTLED`) during a pause.
   */
  run<Result>(task: () => Promise<Result>, options: TokenRequestTask): Promise<Result>;
  /** A caller began to wait for this task: it goes before the refreshes ahead, unless it runs already; `atOnce`, it begins now. */
  raise(id: string, options?: Pick<TokenRequestTask, "atOnce">): void;
}

/** In seconds. p-queue measures the interval with a timer. */
const longestInterval = Math.floor(longestDelay / 1000);

const priorities: Record<Urgency, number> = { blocking: 1, ahead: 0 };

/**
 * Makes a queue for the token requests of one endpoint: so many at one time, so many in a window, and a pause when the server asks for one.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const queue = createTokenEndpointQueue({ interval: 60, intervalCap: 100 }); // 100 token requests a minute
 * const users = createTokenPool({ source: () => client.refreshToken(), store, queue });
 * ```
 */
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

  const { check, ...pause } = createEndpointPause(clock);
  const slots = new Slots(clock, {
    concurrency,
    interval: (interval ?? 0) * 1000,
    intervalCap: intervalCap ?? Number.POSITIVE_INFINITY,
  });

  return {
    ...pause,
    run(task, how) {
      const { id, urgency, timeout = Number.POSITIVE_INFINITY, atOnce = false } = ownOnly(how);
      const checked = async (): ReturnType<typeof task> => {
        check();
        return task();
      };
      return slots.run(checked, { id, priority: priorities[urgency], timeout, atOnce });
    },
    raise: (id, how) => slots.raise(id, priorities.blocking, ownOption(how, "atOnce") === true),
  };
}
