import type { TokenCache, TokenSet } from "@tokenflight/core";
import type { Headers, NormalizedOptions, Options } from "got";

type HttpCache = Exclude<NormalizedOptions["cache"], string | undefined>;

/** What options have instead of the caller's `cache` while a request with a token looks into it. */
export interface CachePartition {
  /** Puts the caller's `cache` back into these options. */
  restore(options: Options | NormalizedOptions): void;
  /** A copy of these headers as the caller gave them. In the headers themselves, which got's cache keeps, the mark becomes that of this token. */
  marked(headers: Headers, tokenSet: TokenSet | undefined): Headers;
}

/**
 * got's cache finds a response by method and URL, and would give one user's to another. Each token cache has a partition of it to itself.
 *
 * got sees that the request is authenticated, as it would see a header of the caller's, so it keeps no more than it would then (RFC
 * 9111 section 3.5). It sees no token, which it would store beside a response that varies with it (`Vary: Authorization`), but one mark for each token: such
 * a response is given only for the token that it was given for, also when another user has logged in to the token cache.
 */
export function partitionCache(options: NormalizedOptions, cache: TokenCache): CachePartition | undefined {
  const whole = options.cache;
  // got takes a string and then says itself that it is no cache.
  if (whole === undefined || typeof whole === "string") return undefined;
  const partition = partitionOf(whole, cache);
  const name = "authorization";
  const before = Object.hasOwn(options.headers, name) ? { value: options.headers[name] } : undefined;
  options.cache = partition;
  options.headers[name] = markOf(cache.peek());
  const put = (headers: Headers): void => {
    if (before === undefined) delete headers[name];
    else headers[name] = before.value;
  };
  return {
    restore(given) {
      if (given.cache !== partition) return;
      given.cache = whole;
      put(given.headers);
    },
    marked(headers, tokenSet) {
      const copy = { ...headers };
      put(copy);
      headers[name] = markOf(tokenSet);
      return copy;
    },
  };
}

/** Without a token it is one that is never found again. */
function markOf(tokenSet: TokenSet | undefined): string {
  return `[token ${tokenSet?.fingerprint ?? crypto.randomUUID()}]`;
}

// got keeps what it makes of a cache by the cache's identity, so there is one partition for each cache of got's and each token cache.
const partitions = new WeakMap<object, WeakMap<TokenCache, HttpCache>>();
const names = new WeakMap<TokenCache, string>();

function partitionOf(whole: HttpCache, cache: TokenCache): HttpCache {
  const ofWhole = partitions.get(whole) ?? new WeakMap<TokenCache, HttpCache>();
  partitions.set(whole, ofWhole);
  let partition = ofWhole.get(cache);
  if (partition === undefined) {
    partition = createPartition(whole, `${nameOf(cache)}:`);
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

/** Lacks what the whole lacks, which is then refused as got refuses the whole. */
function createPartition(whole: object, prefix: string): HttpCache {
  const partition: Record<string, unknown> = {};
  for (const name of ["get", "set", "delete"]) {
    const method = (whole as Record<string, unknown>)[name];
    if (typeof method === "function")
      partition[name] = (key: string, ...more: unknown[]): unknown => Reflect.apply(method, whole, [prefix + key, ...more]);
  }
  // Nobody clears a partition, and a partition must not clear the whole.
  if (typeof (whole as Record<string, unknown>)["clear"] === "function") partition["clear"] = () => {};
  return partition as unknown as HttpCache;
}
