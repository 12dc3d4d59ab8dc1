import { BearerPolicy, InvalidOptionError, shared, type BearerOptions, type TokenCache, type TokenCacheSelector } from "@tokenflight/core";
import { fetchWithToken, type FetchFunction, type FetchRequest } from "@tokenflight/core/fetch";
import type { Options } from "ky";

/** A request, as a token cache selector sees it. ky gives its `input` as a Request. */
export interface KyRequest extends FetchRequest {
  /** The `context` option of the call, the same object that hooks see. */
  readonly context: Record<string, unknown>;
}

const attached = shared("ky.attached.1", () => new WeakSet<FetchFunction>());

/**
 * Options for `ky.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * `origins` defaults to the origin of the parent's `prefix` or `baseUrl`. A request with an `Authorization` header of its own is sent
 * untouched. ky's hooks see neither the token nor the refused response; its `timeout` covers the wait for a token. It works on the
 * `fetch` option: extend with a `fetch` function of your own before this, not after. Throws InvalidOptionError.
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<KyRequest>,
  options: BearerOptions<Response> = {},
): (parent: Options) => Options {
  return (given) => {
    // Only the parent's own options count.
    const parent = Object.assign<object, Options>(Object.create(null), given);
    if (parent.fetch !== undefined && attached.has(parent.fetch)) {
      throw new InvalidOptionError("parent", "a ky instance without bearer tokens", "one that has them");
    }
    // The global function is looked up for each request, as ky without a `fetch` option does.
    const fetch: FetchFunction = parent.fetch ?? ((input, init) => globalThis.fetch(input, init));
    const policy = new BearerPolicy(tokens, options, defaultOrigins(parent));
    const fetchFor =
      (call: Pick<Options, "context">): FetchFunction =>
      (input, init) =>
        fetchWithToken(policy, fetch, { input, init, context: ownContext(call) ?? {} });
    const withTokens = fetchFor({});
    attached.add(withTokens);
    if (typeof tokens !== "function") return { fetch: withTokens };
    // ky tells its fetch function nothing of a call's context. An init hook sees the options of the call, and may give them another fetch.
    const bindContext = (call: Options): void => {
      call.context = ownContext(call) ?? {};
      if (call.fetch === withTokens) call.fetch = fetchFor(call);
    };
    return { fetch: withTokens, hooks: { init: [bindContext] } };
  };
}

function ownContext(call: Pick<Options, "context">): Record<string, unknown> | undefined {
  return Object.hasOwn(call, "context") ? call.context : undefined;
}

/** ky puts a string input behind `prefix`, and resolves that against `baseUrl`. */
function defaultOrigins({ prefix, baseUrl }: Options): string[] | undefined {
  const base = URL.parse(String(prefix ?? ""), baseUrl === undefined ? undefined : String(baseUrl));
  return base === null ? undefined : [base.origin];
}
