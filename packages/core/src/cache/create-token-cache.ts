import { systemClock, type Clock } from "../clock/clock.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import { createImmediateQueue } from "../endpoint/immediate-queue.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { guarded, type Observer } from "../events.ts";
import { Lifetime, type KeepAlive } from "../refresh/lifetime.ts";
import { readOptions, requireFunction, requireMethods, requireText, requireThat, requireTimeout, requireWebCrypto } from "../options.ts";
import { disposal } from "../platform/disposal.ts";
import { ownOption } from "../platform/own.ts";
import { limitsFor } from "../refresh/limits.ts";
import type { SubjectParts } from "../refresh/refresh.ts";
import type { EntryName, StoreAccess } from "../refresh/store-cell.ts";
import { isMemoryStore } from "../store/memory-store.ts";
import type { TokenStore } from "../store/store.ts";
import { createFreshness, type FreshnessOptions } from "../tokens/freshness.ts";
import { requireSource, type TokenSource } from "../tokens/token-source.ts";
import { createSubjectCache, lateEngine, type SubjectCache } from "./late/late-token-cache.ts";
import type { Closable, ClosableTokenCache, NamedTokenCache } from "./token-cache.ts";

/** The options that a token cache and a token pool have in common. */
export interface SharedOptions {
  /** Shares token sets with other caches and processes. Default: a cache keeps its own to itself, a pool has a memory store of its own. */
  store?: TokenStore | undefined;
  /**
   * In place of the token source's own `identity`: names whose logins these are, in the store. Required with a store where the source has none. Keep it,
   * and the logins are found again, whatever changes. Default: the source's own.
   */
  identity?: string | undefined;
  /** The queue of the token endpoint, for several caches that use the same one. Default: a pool makes its own, a cache needs none. */
  queue?: TokenEndpointQueue | undefined;
  /** When a token is refreshed ahead, and when it is no longer sent. Default: in proportion to its lifetime. */
  freshness?: FreshnessOptions | undefined;
  /** Seconds that a token request (default 10) and a store operation (default: what the store says, or 1) may take. */
  timeouts?:
    | {
        /** Seconds that a token request may take. Default 10. */
        request?: number | undefined;
        /** Seconds that a store operation may take. Default: the store's own `operationTimeout`, or 1. */
        store?: number | undefined;
      }
    | undefined;
  /**
   * Is given each piece of work that goes on in the background, so that the platform does not end before it has settled: `waitUntil` of a worker or of a
   * serverless platform. It is called in the request that begins the work; what it throws is ignored. Default: nobody is told.
   */
  keepAlive?: KeepAlive | undefined;
  /** Says what time it is, and waits. Default: the system's clock. */
  clock?: Clock | undefined;
}

/** The options of `createTokenCache`. */
export interface TokenCacheOptions extends SharedOptions {
  /** Obtains new token sets. */
  source: TokenSource;
  /** The subject's name in the store. Required with a store. Default: none, without a store. */
  key?: string | undefined;
  /** Is told what happens; what it throws is ignored. Default: nobody is told. */
  observe?: Observer | undefined;
}

const ownNames = ["source", "key", "observe"] as const;
const sharedNames = ["store", "identity", "queue", "freshness", "timeouts", "keepAlive", "clock"] as const;

/**
 * Makes a cache for the tokens of one subject.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const client = createOAuthClient({ issuer: "https://login.example.com", clientId: "id", clientAuth: clientSecretBasic("secret") });
 * const tokens = createTokenCache({ source: client.clientCredentials() });
 * const { accessToken } = await tokens.get();
 * ```
 */
export function createTokenCache(options: TokenCacheOptions): ClosableTokenCache {
  const read = readOptions<TokenCacheOptions>("createTokenCache", options, [...ownNames, ...sharedNames]);
  const { source, key, observe } = read;
  const { create, closable } = createSubjectFactory(read);
  if (read.store !== undefined) requireText("key", key);
  return Object.assign(create(source, key ?? "", observe), closable);
}

/** Makes one subject's token cache. The key is the subject's name in the store, and needed only with one. */
export type CreateSubject = (source: TokenSource, key: string, observe: Observer | undefined) => SubjectCache & NamedTokenCache;

export interface SubjectFactory {
  readonly create: CreateSubject;
  /** Ends all that were created. */
  readonly closable: Closable;
}

/** What all subjects share, checked. */
interface SharedParts extends Pick<SubjectParts, "clock" | "queue" | "freshness" | "limits" | "lifetime"> {
  readonly access: StoreAccess | undefined;
}

/**
 * Checks once what all subjects share. Reads own options only if `options` has no prototype. Throws InvalidOptionError.
 */
export function readShared(options: SharedOptions): SharedParts {
  const { store, identity, keepAlive, clock = systemClock } = options;
  requireMethods("clock", clock, ["now", "monotonic", "schedule", "random"]);
  const { queue = createImmediateQueue(clock) } = options;
  requireMethods("queue", queue, ["run", "raise", "pause", "pausedFor"]);
  if (store !== undefined) {
    requireMethods("store", store, ["read", "compareAndSet"]);
    // Names of entries are hashed, because whoever runs the store can read them.
    if (!isMemoryStore(store)) requireWebCrypto("store");
  }
  if (identity !== undefined) requireText("identity", identity);
  if (keepAlive !== undefined) requireFunction("keepAlive", keepAlive);
  const operationTimeout = ownOption(store, "operationTimeout") ?? 1;
  requireTimeout("store.operationTimeout", operationTimeout);
  const { request = 10, store: storeTimeout = operationTimeout } = readOptions("timeouts", options.timeouts ?? {}, ["request", "store"]);
  requireTimeout("timeouts.request", request);
  requireTimeout("timeouts.store", storeTimeout);
  const limits = limitsFor(request * 1000, store === undefined ? 0 : storeTimeout * 1000);
  const freshness = createFreshness(options.freshness, clock);
  const access = store === undefined ? undefined : { store, clock, timeout: storeTimeout * 1000 };
  return { clock, queue, freshness, limits, access, lifetime: new Lifetime(clock, limits.slotTimeout, keepAlive) };
}

/**
 * Makes token caches of what all subjects share. `unnamed` is the identity of a source that has none, in a store that nobody else has. Throws
 * InvalidOptionError.
 */
export function createSubjectFactory(options: SharedOptions, unnamed?: string): SubjectFactory {
  const { access, clock, queue, freshness, limits, lifetime } = readShared(options);
  const { identity } = options;
  lateEngine.preload();
  const close = async (): Promise<void> => {
    // Without an engine no token source has been called yet.
    if (lateEngine.loaded?.isCalledFrom(queue))
      throw new TokenflightError("ERR_REENTRANT_REFRESH", "The token source closes the cache that it is refreshing.");
    await lifetime.close();
  };

  return {
    create(source, key, observe) {
      requireSource(source);
      if (observe !== undefined) requireFunction("observe", observe);
      const name = identity ?? ownOption(source, "identity");
      const entry = access === undefined ? undefined : { access, name: nameOf(source, key, name ?? unnamed) };
      const cache = createSubjectCache({ entry, source, queue, freshness, clock, limits, lifetime, observe: guarded(observe) });
      return Object.assign(cache, { identity: name });
    },
    closable: { close, ...disposal(close) },
  };
}

/** Throws InvalidOptionError for a source without a name: another one under the same key would be given its tokens. */
function nameOf(source: TokenSource, subject: string, identity: string | undefined): EntryName {
  const expected = "a name, with a store: the option identity, or source.identity (`wrapSource` keeps that of a grant)";
  requireThat(identity !== undefined, "identity", expected, identity);
  const purpose = ownOption(source, "purpose");
  // Tokens without a login share no refresh token. Under a name that a login has too, they would replace its own, and their end would be its end.
  if (ownOption(source, "requiresLogin") === false)
    return { identity: JSON.stringify([identity, purpose ?? null]), subject, purpose: undefined };
  return { identity, subject, purpose };
}
