import { privateCell, storeCell, storeKey } from "./cell.ts";
import { systemClock, type Clock } from "./clock.ts";
import { createTokenEndpointQueue, type TokenEndpointQueue } from "./endpoint-queue.ts";
import { InvalidOptionError } from "./errors.ts";
import { guarded, type Observer } from "./events.ts";
import { createFreshness, type FreshnessOptions } from "./freshness.ts";
import { kindOf, readOptions, requireFunction, requireMethods, requireText } from "./options.ts";
import { Refresh } from "./refresh.ts";
import type { TokenStore } from "./store.ts";
import { Subject } from "./subject.ts";
import type { TokenCache } from "./token-cache.ts";
import type { TokenSource } from "./token-source.ts";

export interface TokenCacheOptions {
  /** Obtains new token sets. */
  source: TokenSource;
  /** Shares the token set with other caches and processes. Default: this cache keeps it to itself. */
  store?: TokenStore | undefined;
  /** The subject's name in the store. Required with a store. */
  key?: string | undefined;
  /** The way to the token endpoint, when several caches use the same one. Default: one of its own. */
  queue?: TokenEndpointQueue | undefined;
  freshness?: FreshnessOptions | undefined;
  /** Seconds that a token request (default 10) and a store operation (default 1) may take. */
  timeouts?: { request?: number | undefined; store?: number | undefined } | undefined;
  /** Is told what happens; what it throws is ignored. */
  observe?: Observer | undefined;
  clock?: Clock | undefined;
}

const optionNames = ["source", "store", "key", "queue", "freshness", "timeouts", "observe", "clock"] as const;

/** Throws InvalidOptionError. */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const read = readOptions("createTokenCache", options, optionNames);
  const { source, store, key, observe, clock = systemClock } = read;
  requireFunction("source", source);
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  const { queue = createTokenEndpointQueue({ clock }) } = read;
  requireMethods("queue", queue, ["run", "raise", "hold", "heldFor"]);
  if (store !== undefined) requireMethods("store", store, ["read", "compareAndSet"]);
  if (observe !== undefined) requireFunction("observe", observe);
  const timeouts = readOptions("timeouts", read.timeouts ?? {}, ["request", "store"]);
  const { request = 10, store: storeTimeout = 1 } = timeouts;
  requireTime("timeouts.request", request);
  requireTime("timeouts.store", storeTimeout);

  const refresh = new Refresh({
    cell: store === undefined ? privateCell() : storeCell(store, keyOf(source, key), storeTimeout * 1000, clock),
    source,
    queue,
    clock,
    timeout: request * 1000,
    observe: guarded(observe),
  });
  return new Subject({ refresh, freshness: createFreshness(read.freshness, clock), clock, observe: guarded(observe) });
}

/** Without any time every token request would fail after it had been sent. */
function requireTime(where: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return;
  throw new InvalidOptionError(where, "a number of seconds above zero", kindOf(value));
}

function keyOf(source: TokenSource, key: string | undefined): () => Promise<string> {
  requireText("key", key);
  return () => storeKey(source.identity, key as string);
}
