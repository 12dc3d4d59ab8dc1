import {
  BearerPolicy,
  InvalidOptionError,
  looksIntoBodies,
  type BearerOptions,
  type TokenCache,
  type TokenCacheSelector,
} from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { UndiciResponse } from "./attempt.ts";
import { inCallersContext } from "./callers-context.ts";
import { areOwnCredentials, readHeaders } from "./headers.ts";
import { OutgoingUndiciRequest } from "./outgoing-request.ts";
import { requireKnownTarget } from "./target.ts";

/**
 * An interceptor for `dispatcher.compose`: requests to the allowed origins have a fresh token, and a refused one is replayed once.
 *
 * Compose it after `redirect`, `cache` and `deduplicate` and before `responseError`: `compose(redirect, bearer, responseError)`. A request
 * with credentials of its own is sent untouched. Under `fetch` every body is an iterator and can be sent only once: use @tokenflight/fetch there.
 * Throws InvalidOptionError.
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<Dispatcher.DispatchOptions>,
  options: BearerOptions<UndiciResponse>,
): Dispatcher.DispatcherComposeInterceptor {
  const policy = new BearerPolicy(tokens, options);
  if (Object.hasOwn(options, "refused") && looksIntoBodies(options.refused as object)) {
    throw new InvalidOptionError("refused", "a function of status and headers, because a dispatcher shows no body", "one that looks into bodies");
  }
  // A Client and a Pool send to their own origin, whatever a request says. undici names it here: null is one of several.
  return (dispatch, ...told: (string | null | undefined)[]) => {
    const [dispatcherOrigin] = told;
    if (dispatcherOrigin === null) {
      throw new InvalidOptionError(
        "compose",
        "a dispatcher whose requests tell their origin, or that has one",
        "one that chooses among several",
      );
    }
    if (told.length === 0) requireKnownTarget(dispatch);
    return (given, handler) => {
      if (!isOrdinary(given, handler)) return dispatch(given, handler);
      const origin = dispatcherOrigin ?? String(given.origin);
      const called = (): Dispatcher.DispatchHandler => (typeof tokens === "function" ? inCallersContext(handler) : handler);
      if (!policy.allows(origin)) {
        policy.log.withoutToken(origin, "origin");
        return dispatch(given, called());
      }
      const headers = readHeaders(Object.hasOwn(given, "headers") ? given.headers : undefined);
      // undici itself says what is wrong with them.
      if ("refused" in headers) return dispatch({ ...given, headers: headers.refused } as Dispatcher.DispatchOptions, handler);
      const request = { ...given, headers: headers.read } as Dispatcher.DispatchOptions;
      const isOwn = areOwnCredentials(headers.read, policy.credentials);
      const cache = isOwn ? undefined : policy.cacheFor(given);
      if (cache === undefined) {
        policy.log.withoutToken(origin, isOwn ? "own-credentials" : "no-cache");
        return dispatch(request, called());
      }
      return new OutgoingUndiciRequest({ policy, dispatch, origin, request, handler }).start(cache);
    };
  };
}

/** CONNECT speaks to a proxy. A handler of an older undici, such as that of Node's own fetch, is for undici to refuse. */
function isOrdinary({ method }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
  return method !== "CONNECT" && typeof handler?.onRequestStart === "function";
}
