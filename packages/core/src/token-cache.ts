import { privateCell, storeCell, storeKey } from "./cell.ts";
import { systemClock, type Clock } from "./clock.ts";
import { createTokenEndpointQueue, type TokenEndpointQueue } from "./endpoint-queue.ts";
import { InvalidOptionError } from "./errors.ts";
import { guarded, type Observer } from "./events.ts";
import { createFreshness, type FreshnessOptions } from "./freshness.ts";
import { kindOf, readOptions, requireFunction, requireSeconds, requireText } from "./options.ts";
import { Refresh } from "./refresh.ts";
import type { TokenStore } from "./store.ts";
import { Subject } from "./subject.ts";
import type { TokenResponse } from "./token-response.ts";
import type { TokenSet } from "./token-set.ts";
import type { TokenSource } from "./token-source.ts";

/** Holds the tokens of one subject: an account, a user, a tenant. */
export interface TokenCache {
  /**
   * The token set if it is fresh enough to send now, without waiting for anything. Near its end it is still given, and a refresh
   * starts in the background.
   */
  peek(): TokenSet | undefined;
  /**
   * A token set that is fresh enough to send, obtained if need be. `minValidity` is in seconds. `signal` ends only this caller's wait,
   * with the signal's reason. Rejects with a TokenflightError.
   */
  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet>;
  /**
   * A resource server refused this token set: resolves to another one. That is the current one if it differs, the one of the refresh
   * under way, or a new one.
   */
  renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet>;
  /** Tells how a replay with a renewed token set ended, so that an API that refuses even new ones causes no refresh per request. */
  reportReplay(renewed: TokenSet, accepted: boolean): void;
  /** Takes the token set of a login, in place of whatever was there. */
  save(tokens: TokenSet | TokenResponse): Promise<TokenSet>;
  /** Drops the token set, here and in the store: a logout. */
  forget(): Promise<void>;
}

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
  if (observe !== undefined) requireFunction("observe", observe);
  const timeouts = readOptions("timeouts", read.timeouts ?? {}, ["request", "store"]);
  const { request = 10, store: storeTimeout = 1 } = timeouts;
  requireSeconds("timeouts.request", request);
  requireSeconds("timeouts.store", storeTimeout);

  const refresh = new Refresh({
    cell: store === undefined ? privateCell() : storeCell(checked(store), keyOf(source, key), storeTimeout * 1000, clock),
    source,
    queue: read.queue ?? createTokenEndpointQueue({ clock }),
    clock,
    timeout: request * 1000,
    observe: guarded(observe),
  });
  return new Subject({ refresh, freshness: createFreshness(read.freshness, clock), clock, observe: guarded(observe) });
}

function checked(store: TokenStore): TokenStore {
  if (typeof store?.read !== "function" || typeof store.compareAndSet !== "function") {
    throw new InvalidOptionError("store", "an object with read and compareAndSet", kindOf(store));
  }
  return store;
}

function keyOf(source: TokenSource, key: string | undefined): () => Promise<string> {
  requireText("key", key);
  return () => storeKey(source.identity, key as string);
}
