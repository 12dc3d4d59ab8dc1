import {
  BearerPolicy,
  InvalidOptionError,
  kindOf,
  shared,
  type BearerOptions,
  type TokenCache,
  type TokenCacheSelector,
} from "@tokenflight/core";
import { fetchWithToken, GlobalFetch, preloadSender, type FetchFunction, type FetchRequest } from "@tokenflight/core/fetch";

const attached = shared("fetch.attached.1", () => new WeakSet<object>());

/** Wraps a fetch function, whichever: the platform's, undici's, a framework's. What comes out is called as what went in. */
export type FetchWrapper = <Input, Init, Answer extends { readonly status: number }>(
  fetch: (input: Input, init?: Init) => Promise<Answer>,
) => (input: Input, init?: Init) => Promise<Answer>;

/**
 * Wraps a fetch function: requests to the allowed origins have a fresh token, and a refused one is replayed once.
 *
 * A request with an `Authorization` header of its own is sent untouched. A body that can be read only once (a stream, an iterator) is not replayed. One that
 * is in a `Request` is sent from a copy, which costs its size in memory until the response is there, unless `replay` is "never". The global fetch is looked
 * up at each call. Redirects of another function are followed here, so that none takes the token to another origin.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const send = bearer(tokens, { origins: "https://api.example.com" })(fetch);
 * const response = await send("https://api.example.com/orders");
 * ```
 */
export function bearer(tokens: TokenCache | TokenCacheSelector<FetchRequest>, options: BearerOptions<Response>): FetchWrapper {
  const policy = new BearerPolicy(tokens, options);
  preloadSender();
  return (fetch) => {
    if (typeof fetch !== "function") throw new InvalidOptionError("fetch", "a fetch function", kindOf(fetch));
    if (attached.has(fetch)) throw new InvalidOptionError("fetch", "a fetch function without bearer tokens", "one that has them");
    // Every fetch takes what the platform's takes, in types of its own.
    const beneath = fetch as unknown as FetchFunction;
    const withTokens = beneath === globalThis.fetch ? aroundGlobal(policy, beneath) : around(policy, beneath);
    for (const name of ["name", "length"] as const) Object.defineProperty(withTokens, name, { value: fetch[name], configurable: true });
    attached.add(withTokens);
    return withTokens as unknown as typeof fetch;
  };
}

type Policy = BearerPolicy<FetchRequest, Response>;

function around(policy: Policy, beneath: FetchFunction): FetchFunction {
  return (input, init) => fetchWithToken(policy, beneath, { input, init });
}

function aroundGlobal(policy: Policy, beneath: FetchFunction): FetchFunction {
  const late = new GlobalFetch(beneath);
  const withTokens: FetchFunction = (input, init) => {
    const outer = late.callAround(init);
    if (outer === undefined) return fetchWithToken(policy, late.current, { input, init });
    return fetchWithToken(policy, beneath, { input, init: late.unmarked(init) }, late.logWithin(outer, init, policy.log));
  };
  late.wrapper = withTokens;
  return withTokens;
}
