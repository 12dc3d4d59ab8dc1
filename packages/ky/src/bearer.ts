import {
  BearerPolicy,
  InvalidOptionError,
  originsOfBase,
  parseUrl,
  shared,
  type BearerOptions,
  type TokenCache,
  type TokenCacheSelector,
} from "@tokenflight/core";
import { absoluteUrl, fetchWithToken, preloadSender, type FetchFunction, type FetchRequest } from "@tokenflight/core/fetch";
import type { Options } from "ky";
import { CallContexts, contextOf } from "./call-context.ts";

/** A request, as a token cache selector sees it. ky gives its `input` as a Request. */
export interface KyRequest extends FetchRequest {
  /** The `context` option of the call, the same object that hooks see. Throws InvalidOptionError when it is read where nobody told us of it. */
  readonly context: Record<string, unknown>;
}

/** The options of an instance, with the one that ky 1 has in the place of `prefix`. */
type Parent = Options & { readonly prefixUrl?: string | URL };

const attached = shared("ky.attached.1", () => new WeakSet<FetchFunction>());

/**
 * Options for `ky.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * `origins` defaults to the origin of the parent's `prefix` or `baseUrl`, or of ky 1's `prefixUrl`. A request with an `Authorization` header of its own is
 * sent untouched. ky's hooks see neither the token nor the refused response; its `timeout` covers the wait for a token. It works on the `fetch` option:
 * extend with a `fetch` function of your own before this, not after.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const api = ky.create({ prefix: "https://api.example.com" }).extend(bearer(tokens));
 * const orders = await api.get("orders").json();
 * ```
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<KyRequest>,
  options: BearerOptions<Response> = {},
): (parent: Options) => Options {
  return refusingSpread((given: Options): Options => {
    // Only the parent's own options count.
    const parent = Object.assign<object, Parent>(Object.create(null), given);
    if (parent.fetch !== undefined && attached.has(parent.fetch)) {
      throw new InvalidOptionError("parent", "a ky instance without bearer tokens", "one that has them");
    }
    // The global function is looked up for each request, as ky without a `fetch` option does.
    const own = parent.fetch === globalThis.fetch ? undefined : parent.fetch;
    const policy = new BearerPolicy(tokens, options, originsOfBase(baseOf(parent), options));
    preloadSender();
    const fetchAs = (request: KyRequest): Promise<Response> => fetchWithToken(policy, own ?? globalThis.fetch, request);
    if (typeof tokens !== "function") {
      const withTokens: FetchFunction = (input, init) => fetchAs({ input, init, context: {} });
      attached.add(withTokens);
      return { fetch: withTokens };
    }
    const contexts = new CallContexts();
    const withTokens: FetchFunction = (input, init) =>
      fetchAs({
        input,
        init,
        get context() {
          return contexts.of(input);
        },
      });
    attached.add(withTokens);
    // An init hook, which ky has since 2.0, sees the options of a call, and may give them another fetch.
    const bindContext = (call: Options): void => {
      call.context = contextOf(call);
      if (call.fetch === withTokens) call.fetch = (input, init) => fetchAs({ input, init, context: contextOf(call) });
    };
    const note = contexts.note as () => void;
    return { fetch: withTokens, hooks: { init: [bindContext], beforeRequest: [note], beforeRetry: [note] } };
  });
}

/** Makes an error of `{ ...bearer(tokens) }`: a function has nothing to spread, so that every request would go without a token. */
function refusingSpread<Extension extends object>(extension: Extension): Extension {
  const refuse = {
    enumerable: true,
    get: () => {
      throw new InvalidOptionError(
        "bearer",
        "a call of extend, as in ky.create({ prefix }).extend(bearer(tokens))",
        "a spread into options",
      );
    },
  };
  // A descriptor's own properties only.
  return Object.defineProperty(extension, "fetch", Object.assign(Object.create(null), refuse));
}

/** ky puts a string input behind `prefix` (`prefixUrl` in ky 1), and resolves that against `baseUrl`; in a page, both may be relative to it. */
function baseOf({ prefix, prefixUrl, baseUrl }: Parent): string | undefined {
  const before = prefix ?? prefixUrl;
  if (baseUrl === undefined) return before === undefined ? undefined : String(before);
  return parseUrl(String(before ?? ""), absoluteUrl(String(baseUrl)))?.href ?? String(baseUrl);
}
