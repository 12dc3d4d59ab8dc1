import type { Observer } from "../events.ts";
import { readOptions, requireText } from "../options.ts";
import type { TokenStore } from "../store/store.ts";
import { createSubjectFactory, type SharedOptions } from "./subject-factory.ts";
import type { TokenCache } from "./token-cache.ts";
import type { TokenSource } from "../tokens/token-source.ts";

export interface TokenCacheOptions extends SharedOptions {
  /** Obtains new token sets. */
  source: TokenSource;
  /** Shares the token set with other caches and processes. Default: this cache keeps it to itself. */
  store?: TokenStore | undefined;
  /** The subject's name in the store. Required with a store. */
  key?: string | undefined;
  /** Is told what happens; what it throws is ignored. */
  observe?: Observer | undefined;
}

const optionNames = ["source", "store", "key", "queue", "freshness", "timeouts", "observe", "clock"] as const;

/** A cache for the tokens of one subject. Throws InvalidOptionError. */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { source, key, observe, ...shared } = readOptions("createTokenCache", options, optionNames);
  const create = createSubjectFactory(shared);
  if (shared.store !== undefined) requireText("key", key);
  return create(source, key ?? "", observe);
}
