import type { TokenEvent } from "../events.ts";
import { createTokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import { InvalidOptionError } from "../errors.ts";
import { memoryStore } from "../store/memory-store.ts";
import { kindOf, readOptions, requireFunction, requireText } from "../options.ts";
import type { TokenStore } from "../store/store.ts";
import type { Subject } from "./subject-token-cache.ts";
import { createSubjectFactory, type SharedOptions } from "./subject-factory.ts";
import type { TokenCache } from "./token-cache.ts";
import type { TokenSource } from "../tokens/token-source.ts";

export interface TokenPoolOptions extends SharedOptions {
  /** The token source of one subject, by its key. Called when the subject is first asked for, and again after it had left. */
  source: (key: string) => TokenSource;
  /** Holds the token sets. Default: a memory store of this pool's own. */
  store?: TokenStore | undefined;
  /** Token caches kept at one time; the least recently used one leaves first. Default 10,000. */
  limit?: number | undefined;
  /** Is told what happens, and to whom; what it throws is ignored. */
  observe?: ((event: TokenEvent, key: string) => void) | undefined;
}

/** The token caches of many subjects over one store and one way to the token endpoint. */
export interface TokenPool {
  /** The token cache of this subject: an account, a user, a tenant. */
  for(key: string): TokenCache;
  /** Token caches that are kept now. */
  readonly size: number;
}

const optionNames = ["source", "store", "limit", "queue", "freshness", "timeouts", "observe", "clock"] as const;

/**
 * A pool of token caches with bounded memory. A cache that leaves loses nothing: its token set stays in the store, where its
 * successor finds it. One whose refresh is under way, or whose result is still to be stored, does not leave. Throws InvalidOptionError.
 */
export function createTokenPool(options: TokenPoolOptions): TokenPool {
  const { source, limit = 10_000, observe, store = memoryStore(), ...shared } = readOptions("createTokenPool", options, optionNames);
  requireFunction("source", source);
  if (observe !== undefined) requireFunction("observe", observe);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new InvalidOptionError("limit", "a whole number above zero", kindOf(limit));
  const queue = shared.queue ?? createTokenEndpointQueue({ clock: shared.clock });
  const create = createSubjectFactory({ ...shared, store, queue });
  // A Map keeps the order of insertion: whoever is used is put in again, so the least recently used one is first.
  const subjects = new Map<string, Subject>();

  function admit(key: string): Subject {
    requireText("key", key);
    return create(source(key), key, observe === undefined ? undefined : (event) => observe(event, key));
  }

  /** For one more. */
  function makeRoom(): void {
    if (subjects.size < limit) return;
    for (const [key, subject] of subjects) {
      if (!subject.isBusy) subjects.delete(key);
      if (subjects.size < limit) return;
    }
  }

  return {
    for(key) {
      const subject = subjects.get(key) ?? admit(key);
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
