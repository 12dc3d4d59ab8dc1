import { Attachment, InvalidOptionError, type BearerOptions, type Tokens } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { inCallersContext } from "./callers-context.ts";
import { Exchange } from "./exchange.ts";
import { hasAuthorization, readableHeaders } from "./headers.ts";
import type { UndiciResponse } from "./response.ts";

/**
 * An interceptor for `dispatcher.compose`: requests to the allowed origins carry a fresh token, and a refused one is replayed once.
 *
 * Compose it after `redirect`, `cache` and `deduplicate` and before `responseError`: `compose(redirect, bearer, responseError)`. A request
 * with an authorization header of its own is sent untouched. Under `fetch` every body is an iterator and can be sent only once: use
 * @tokenflight/fetch there. Throws InvalidOptionError.
 */
export function bearer(
  tokens: Tokens<Dispatcher.DispatchOptions>,
  options: BearerOptions<UndiciResponse>,
): Dispatcher.DispatcherComposeInterceptor {
  const attachment = new Attachment(tokens, options);
  // A Client and a Pool send to their own origin, whatever a request says; undici tells it here. Null: to one of several.
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
      if (!attachment.allows(origin)) return dispatch(given, called);
      const request = { ...given, headers: readableHeaders(given.headers) };
      // An object that somebody may change while a token is awaited.
      if (request.origin instanceof URL) request.origin = request.origin.href;
      const cache = hasAuthorization(request.headers) ? undefined : attachment.tokensFor(given);
      if (cache === undefined) return dispatch(request, called);
      return new Exchange({ attachment, cache, dispatch, origin, request, handler: called }).start();
    };
  };
}

/** CONNECT speaks to a proxy. A handler of an older undici, such as that of Node's own fetch, is for undici to refuse. */
function isOrdinary({ method }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
  return method !== "CONNECT" && typeof handler?.onRequestStart === "function";
}
