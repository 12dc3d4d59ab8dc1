import { BearerPolicy, InvalidOptionError, type BearerOptions, type TokenCache, type TokenCacheSelector } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { UndiciResponse } from "./attempt.ts";
import { inCallersContext } from "./callers-context.ts";
import { hasAuthorization, readableHeaders } from "./headers.ts";
import { OutgoingUndiciRequest } from "./outgoing-request.ts";

/**
 * An interceptor for `dispatcher.compose`: requests to the allowed origins have a fresh token, and a refused one is replayed once.
 *
 * Compose it after `redirect`, `cache` and `deduplicate` and before `responseError`: `compose(redirect, bearer, responseError)`. A request
 * with an authorization header of its own is sent untouched. Under `fetch` every body is an iterator and can be sent only once: use
 * @tokenflight/fetch there. Throws InvalidOptionError.
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<Dispatcher.DispatchOptions>,
  options: BearerOptions<UndiciResponse>,
): Dispatcher.DispatcherComposeInterceptor {
  const policy = new BearerPolicy(tokens, options);
  // A Client and a Pool send to their own origin, whatever a request says. undici names it here: null is one of several.
  return (dispatch, dispatcherOrigin?: string | null) => {
    if (dispatcherOrigin === null) {
      throw new InvalidOptionError(
        "compose",
        "a dispatcher whose requests tell their origin, or that has one",
        "one that chooses among several",
      );
    }
    return (given, handler) => {
      if (!isOrdinary(given, handler)) return dispatch(given, handler);
      const called = typeof tokens === "function" ? inCallersContext(handler) : handler;
      const origin = dispatcherOrigin ?? String(given.origin);
      if (!policy.allows(origin)) return dispatch(given, called);
      const request = { ...given, headers: readableHeaders(Object.hasOwn(given, "headers") ? given.headers : undefined) };
      // The caller may change a URL object while the request waits for a token.
      if (request.origin instanceof URL) request.origin = request.origin.href;
      const cache = hasAuthorization(request.headers) ? undefined : policy.cacheFor(given);
      if (cache === undefined) return dispatch(request, called);
      return new OutgoingUndiciRequest({ policy, cache, dispatch, origin, request, handler: called }).start();
    };
  };
}

/** CONNECT speaks to a proxy. A handler of an older undici, such as that of Node's own fetch, is for undici to refuse. */
function isOrdinary({ method }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
  return method !== "CONNECT" && typeof handler?.onRequestStart === "function";
}
