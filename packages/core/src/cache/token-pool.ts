import { createTokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import type { TokenEvent } from "../events.ts";
import { kindOf, readOptions, requireCount, requireFunction, requireText } from "../options.ts";
import { memoryStore } from "../store/memory-store.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import { createSubjectFactory, type SharedOptions } from "./create-token-cache.ts";
import type { SubjectCache } from "./late/late-token-cache.ts";
import type { Closable, TokenCache } from "./token-cache.ts";

/** The options of `createTokenPool`. */
export interface TokenPoolOptions extends SharedOptions {
  /** The token source of one subject, by its key. Called when the subject is first asked for, and again after its cache was dropped. */
  source: (key: string) => TokenSource;
  /** How many token caches are kept at one time. The least recently used one is dropped first. Default 10,000. */
  limit?: number | undefined;
  /** Is told what happens, and to whom; what it throws is ignored. Default: nobody is told. */
  observe?: ((event: TokenEvent, key: string) => void) | undefined;
}

/** The token caches of many subjects over one store and one token endpoint. */
export interface TokenPool extends Closable {
  /** The token cache of this subject: an account, a user, a tenant. */
  for(key: string): TokenCache;
  /** How many token caches are kept now. */
  readonly size: number;
}

/** Throws InvalidOptionError for a grant in place of a function that gives one, whose promise nobody waits for. */
function sourceOf(source: TokenPoolOptions["source"], key: string): TokenSource {
  const given: unknown = source(key);
  if (typeof given === "function") return given as TokenSource;
  const isPromise = given instanceof Promise;
  if (isPromise) given.catch(() => {});
  throw new InvalidOptionError(
    "createTokenPool.source",
    "a function of the key that gives a token source",
    isPromise ? "one that gives a promise" : `one that gives ${kindOf(given)}`,
  );
}

/**
 * Makes the token caches of many subjects. It never drops a cache whose refresh is under way, or whose result is to be stored: no token set is lost.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const users = createTokenPool({ source: () => client.refreshToken(), store });
 * await users.for("alice").save(response);
 * const tokenSet = await users.for("alice").get();
 * ```
 */
export function createTokenPool(options: TokenPoolOptions): TokenPool {
  const names = ["source", "store", "identity", "limit", "queue", "freshness", "timeouts", "keepAlive", "observe", "clock"] as const;
  const read = readOptions("createTokenPool", options, names);
  const { source, limit = 10_000, observe, clock } = read;
  requireFunction("source", source);
  if (observe !== undefined) requireFunction("observe", observe);
  requireCount("limit", limit);
  const unnamed = read.store === undefined ? "pool" : undefined;
  read.store ??= memoryStore();
  read.queue ??= createTokenEndpointQueue({ clock });
  const { create, closable } = createSubjectFactory(read, unnamed);
  // A Map keeps the order of insertion. A cache that is used is put in again, so the least recently used one is first.
  const subjects = new Map<string, SubjectCache>();

  function newSubject(key: string): SubjectCache {
    requireText("key", key);
    return create(sourceOf(source, key), key, observe === undefined ? undefined : (event) => observe(event, key));
  }

  /** Makes room for one more cache. */
  function makeRoom(): void {
    if (subjects.size < limit) return;
    for (const [key, subject] of subjects) {
      if (!subject.isBusy) subjects.delete(key);
      if (subjects.size < limit) return;
    }
  }

  return {
    ...closable,
    for(key) {
      const subject = subjects.get(key) ?? newSubject(key);
      subjects.delete(key);
      makeRoom();
      subjects.set(key, subject);
      return subject;
    },
    get size() {
      return subjects.size;
    },
  };
}
