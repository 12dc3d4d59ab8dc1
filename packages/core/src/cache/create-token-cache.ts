import { systemClock, type Clock } from "../clock.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import { createImmediateQueue } from "../endpoint/immediate-queue.ts";
import { guarded, type Observer } from "../events.ts";
import { readOptions, requireFunction, requireMethods, requireText, requireTimeout } from "../options.ts";
import { privateCell } from "../refresh/cell.ts";
import { limitsFor } from "../refresh/limits.ts";
import { StoreCell } from "../refresh/store-cell.ts";
import type { TokenStore } from "../store/store.ts";
import { createFreshness, type FreshnessOptions } from "../tokens/freshness.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import { SubjectTokenCache } from "./subject-token-cache.ts";
import type { TokenCache } from "./token-cache.ts";

/** The options that a token cache and a token pool have in common. */
export interface SharedOptions {
  /** Shares token sets with other caches and processes. Default: a cache keeps its own to itself, a pool has a memory store of its own. */
  store?: TokenStore | undefined;
  /** The queue of the token endpoint, for several caches that use the same one. Default: a pool makes its own, a cache needs none. */
  queue?: TokenEndpointQueue | undefined;
  freshness?: FreshnessOptions | undefined;
  /** Seconds that a token request (default 10) and a store operation (default 1) may take. */
  timeouts?: { request?: number | undefined; store?: number | undefined } | undefined;
  clock?: Clock | undefined;
}

export interface TokenCacheOptions extends SharedOptions {
  /** Obtains new token sets. */
  source: TokenSource;
  /** The subject's name in the store. Required with a store. */
  key?: string | undefined;
  /** Is told what happens; what it throws is ignored. */
  observe?: Observer | undefined;
}

/** Makes a cache for the tokens of one subject. Throws InvalidOptionError. */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const names = ["source", "store", "key", "queue", "freshness", "timeouts", "observe", "clock"] as const;
  const { source, key, observe, ...shared } = readOptions<TokenCacheOptions>("createTokenCache", options, names);
  const create = createSubjectFactory(shared);
  if (shared.store !== undefined) requireText("key", key);
  return create(source, key ?? "", observe);
}

/** Makes one subject's token cache. The key is the subject's name in the store, and needed only with one. */
export type SubjectFactory = (source: TokenSource, key: string, observe: Observer | undefined) => SubjectTokenCache;

/** Checks once what all subjects share. Throws InvalidOptionError. */
export function createSubjectFactory(options: SharedOptions): SubjectFactory {
  const { store, clock = systemClock } = options;
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  const { queue = createImmediateQueue(clock) } = options;
  requireMethods("queue", queue, ["run", "raise", "pause", "pausedFor"]);
  if (store !== undefined) requireMethods("store", store, ["read", "compareAndSet"]);
  const { request = 10, store: storeTimeout = 1 } = readOptions("timeouts", options.timeouts ?? {}, ["request", "store"]);
  requireTimeout("timeouts.request", request);
  requireTimeout("timeouts.store", storeTimeout);
  const limits = limitsFor(request * 1000);
  const freshness = createFreshness(options.freshness, clock);
  const access = store === undefined ? undefined : { store, clock, timeout: storeTimeout * 1000 };

  return (source, key, observe) => {
    requireFunction("source", source);
    if (observe !== undefined) requireFunction("observe", observe);
    const cell = access === undefined ? privateCell() : new StoreCell(access, source.identity, key);
    return new SubjectTokenCache({ source, cell, queue, freshness, clock, limits, observe: guarded(observe) });
  };
}
