import { Attachment, InvalidOptionError, kindOf, type BearerOptions, type Tokens } from "@tokenflight/core";
import { fetchWithTokens, type FetchFunction, type FetchRequest } from "@tokenflight/core/fetch";

const ours = new WeakSet<FetchFunction>();

/**
 * Wraps a fetch function: requests to the allowed origins carry a fresh token, and a refused one is replayed once.
 *
 * A request with an `Authorization` header of its own is sent untouched. A body that can be read only once (a stream, an iterator) is
 * not replayed; one that lives in a `Request` is sent from a copy, which costs its size in memory while the request is under way, unless `replay`
 * is "never". Throws InvalidOptionError.
 */
export function bearer(tokens: Tokens<FetchRequest>, options: BearerOptions<Response>): (fetch: FetchFunction) => FetchFunction {
  const attachment = new Attachment(tokens, options);
  return (fetch) => {
    if (typeof fetch !== "function") throw new InvalidOptionError("fetch", "a fetch function", kindOf(fetch));
    if (ours.has(fetch)) throw new InvalidOptionError("fetch", "a fetch function without bearer tokens", "one that has them");
    const withTokens: FetchFunction = (input, init) => fetchWithTokens(attachment, fetch, { input, init });
    ours.add(withTokens);
    return withTokens;
  };
}
