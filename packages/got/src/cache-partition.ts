import type { TokenCache } from "@tokenflight/core";
import type { NormalizedOptions, Options } from "got";

type HttpCache = Exclude<NormalizedOptions["cache"], string | undefined>;

/** What options have instead of the caller's `cache` while a request with a token looks into it. */
export interface CachePartition {
  /** Is in the place of the token in what got's cache sees. */
  readonly placeholder: string;
  /** Puts the caller's `cache` back into these options. */
  restore(options: Options | NormalizedOptions): void;
}

const placeholder = "[token]";

/**
 * got's cache finds a response by method and URL, and would give one user's to another. Each token cache has a partition of it to itself.
 *
 * got sees that the request is authenticated, as it would see a header of the caller's, so it keeps no more than it would then (RFC
 * 9111 section 3.5). But it does not see the token, which it would store beside a response that varies with it.
 */
export function partitionCache(options: NormalizedOptions, cache: TokenCache): CachePartition | undefined {
  const whole = options.cache;
  // got takes a string and then says itself that it is no cache.
  if (whole === undefined || typeof whole === "string") return undefined;
  const partition = partitionOf(whole, cache);
  options.cache = partition;
  options.headers["authorization"] = placeholder;
  return {
    placeholder,
    restore(given) {
      if (given.cache !== partition) return;
      given.cache = whole;
      delete given.headers["authorization"];
    },
  };
}

interface Store {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
}

// got keeps what it makes of a cache by the cache's identity, so there is one partition for each cache of got's and each token cache.
const partitions = new WeakMap<object, WeakMap<TokenCache, HttpCache>>();
const names = new WeakMap<TokenCache, string>();

function partitionOf(whole: HttpCache, cache: TokenCache): HttpCache {
  const ofWhole = partitions.get(whole) ?? new WeakMap<TokenCache, HttpCache>();
  partitions.set(whole, ofWhole);
  let partition = ofWhole.get(cache);
  if (partition === undefined) {
    partition = createPartition(whole as Store, `${nameOf(cache)}:`);
    ofWhole.set(cache, partition);
  }
  return partition;
}

/** A token cache has no name that another process would know it by. One that nobody can guess collides with none. */
function nameOf(cache: TokenCache): string {
  const name = names.get(cache) ?? crypto.randomUUID();
  names.set(cache, name);
  return name;
}

function createPartition(whole: Store, prefix: string): HttpCache {
  const partition = {
    get: (key: string) => whole.get(prefix + key),
    set: (key: string, value: unknown, ttl?: number) => whole.set(prefix + key, value, ttl),
    delete: (key: string) => whole.delete(prefix + key),
    // Nobody clears a partition, and a partition must not clear the whole.
    clear: () => {},
  };
  return partition as unknown as HttpCache;
}
