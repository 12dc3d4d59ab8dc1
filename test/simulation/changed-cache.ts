import type { TokenCache } from "@tokenflight/core";

/** A cache that does some things in another way. */
export function changedCache(cache: TokenCache, changes: Partial<TokenCache>): TokenCache {
  return {
    get: (options) => cache.get(options),
    peek: () => cache.peek(),
    renew: (...given) => cache.renew(...given),
    reportReplay: (...given) => cache.reportReplay(...given),
    save: (tokens) => cache.save(tokens),
    seed: (tokens) => cache.seed(tokens),
    forget: () => cache.forget(),
    reread: () => cache.reread(),
    status: () => cache.status(),
    ...changes,
  };
}
