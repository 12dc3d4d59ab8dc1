import { PrivateCell } from "../refresh/cell.ts";
import { systemClock, type Clock } from "../clock.ts";
import { createDirectWay } from "../endpoint/immediate-queue.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import { InvalidOptionError } from "../errors.ts";
import { guarded, type Observer } from "../events.ts";
import { createFreshness, type FreshnessOptions } from "../tokens/freshness.ts";
import { kindOf, readOptions, requireFunction, requireMethods } from "../options.ts";
import type { TokenStore } from "../store/store.ts";
import { StoreCell } from "../refresh/store-cell.ts";
import { Subject } from "./subject-token-cache.ts";
import type { TokenSource } from "../tokens/token-source.ts";

/** What the caches of one pool have in common, and what a cache alone has, too. */
export interface SharedOptions {
  store?: TokenStore | undefined;
  /** The way to the token endpoint, when several caches use the same one. Default: a pool has a queue of its own, a cache needs none. */
  queue?: TokenEndpointQueue | undefined;
  freshness?: FreshnessOptions | undefined;
  /** Seconds that a token request (default 10) and a store operation (default 1) may take. */
  timeouts?: { request?: number | undefined; store?: number | undefined } | undefined;
  clock?: Clock | undefined;
}

/** Makes one subject's token cache. The key is its name in the store, and needed only with one. */
export type SubjectFactory = (source: TokenSource, key: string, observe: Observer | undefined) => Subject;

/** Checks once what all subjects share. Throws InvalidOptionError. */
export function createSubjectFactory(options: SharedOptions): SubjectFactory {
  const { store, clock = systemClock } = options;
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  const { queue = createDirectWay(clock) } = options;
  requireMethods("queue", queue, ["run", "raise", "hold", "heldFor"]);
  if (store !== undefined) requireMethods("store", store, ["read", "compareAndSet"]);
  const timeouts = readOptions("timeouts", options.timeouts ?? {}, ["request", "store"]);
  const { request = 10, store: storeTimeout = 1 } = timeouts;
  requireTime("timeouts.request", request);
  requireTime("timeouts.store", storeTimeout);
  const timeout = request * 1000;
  const freshness = createFreshness(options.freshness, clock);
  const access = store === undefined ? undefined : { store, clock, timeout: storeTimeout * 1000 };

  return (source, key, given) => {
    requireFunction("source", source);
    if (given !== undefined) requireFunction("observe", given);
    const cell = access === undefined ? new PrivateCell() : new StoreCell(access, source.identity, key);
    return new Subject({ source, cell, queue, freshness, clock, timeout, observe: guarded(given) });
  };
}

/** Without any time every token request would fail after it had been sent. */
function requireTime(where: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return;
  throw new InvalidOptionError(where, "a number of seconds above zero", kindOf(value));
}
