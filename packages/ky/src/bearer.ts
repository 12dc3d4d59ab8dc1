import { Attachment, InvalidOptionError, type BearerOptions, type Tokens } from "@tokenflight/core";
import { fetchWithTokens, type FetchFunction, type FetchRequest } from "@tokenflight/core/fetch";
import type { Options } from "ky";

const ours = new WeakSet<FetchFunction>();

/**
 * Options for `ky.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * `origins` defaults to the origin of the parent's `prefix` or `baseUrl`. A request with an `Authorization` header of its own is sent
 * untouched. ky's hooks see neither the token nor the refused response; its `timeout` covers the wait for a token. It works on the
 * `fetch` option: extend with a `fetch` function of your own before this, not after. Throws InvalidOptionError.
 */
export function bearer(tokens: Tokens<FetchRequest>, options: BearerOptions<Response> = {}): (parent: Options) => Options {
  return (parent) => {
    const fetch = parent.fetch;
    if (fetch !== undefined && ours.has(fetch)) {
      throw new InvalidOptionError("parent", "a ky instance without bearer tokens", "one that has them");
    }
    const base = URL.parse(String(parent.baseUrl ?? parent.prefix ?? ""));
    const attachment = new Attachment(tokens, options, base === null ? undefined : [base.origin]);
    // The global function is looked up for each request, as ky without a `fetch` option does.
    const withTokens = fetchWithTokens(attachment, fetch ?? ((input, init) => globalThis.fetch(input, init)));
    ours.add(withTokens);
    return { fetch: withTokens };
  };
}
