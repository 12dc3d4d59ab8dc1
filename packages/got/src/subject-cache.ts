import type { TokenCache } from "@tokenflight/core";
import type { NormalizedOptions, Options } from "got";

type Whole = Exclude<NormalizedOptions["cache"], string | undefined>;

/** What options hold instead of the caller's `cache` while a request with a token looks into it. */
export interface Loan {
  /** Stands for the token in what the cache sees. */
  readonly mark: string;
  giveBack(options: Options | NormalizedOptions): void;
}

const mark = "[token]";

/**
 * got's cache finds a response by method and URL, and would give one user's to another. Each subject gets a part of the cache to itself.
 *
 * The cache sees that the request is authenticated, as it would see a header of the caller's, so it keeps no more than it would then (RFC
 * 9111 section 3.5); but it does not see the token, which it would store beside a response that varies with it.
 */
export function lendPart(options: NormalizedOptions, subject: TokenCache): Loan | undefined {
  const whole = options.cache;
  // got takes a string and then says itself that it is no cache.
  if (whole === undefined || typeof whole === "string") return undefined;
  const part = partOf(whole, subject);
  options.cache = part;
  options.headers["authorization"] = mark;
  return {
    mark,
    giveBack(given) {
      if (given.cache !== part) return;
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

// got keeps what it makes of a cache by the cache's identity: there is one part for each cache and subject.
const parts = new WeakMap<object, WeakMap<TokenCache, Whole>>();
const names = new WeakMap<TokenCache, string>();

function partOf(whole: Whole, subject: TokenCache): Whole {
  const ofWhole = parts.get(whole) ?? new WeakMap<TokenCache, Whole>();
  parts.set(whole, ofWhole);
  let part = ofWhole.get(subject);
  if (part === undefined) {
    part = makePart(whole as Store, `${nameOf(subject)}:`);
    ofWhole.set(subject, part);
  }
  return part;
}

/** A subject has no name that another process would know it by, and one that nobody can guess is in nobody's way. */
function nameOf(subject: TokenCache): string {
  const name = names.get(subject) ?? crypto.randomUUID();
  names.set(subject, name);
  return name;
}

function makePart(whole: Store, prefix: string): Whole {
  const part = {
    get: (key: string) => whole.get(prefix + key),
    set: (key: string, value: unknown, ttl?: number) => whole.set(prefix + key, value, ttl),
    delete: (key: string) => whole.delete(prefix + key),
    // Nobody clears a part, and a part must not clear the whole.
    clear: () => {},
  };
  return part as unknown as Whole;
}
