import {
  BearerPolicy,
  InvalidOptionError,
  looksIntoBodies,
  type BearerOptions,
  type TokenCache,
  type TokenCacheSelector,
  type WithoutTokenReason,
} from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { UndiciResponse } from "./attempt.ts";
import { inCallersContext } from "./callers-context.ts";
import { areOwnCredentials, isReadable, readableHeaders } from "./headers.ts";
import { RequestController } from "./controller.ts";
import { failWith, OutgoingUndiciRequest, type Attachment } from "./outgoing-request.ts";
import { requireKnownTarget } from "./target.ts";

/**
 * An interceptor for `dispatcher.compose`: requests to the allowed origins have a fresh token, and a refused one is replayed once.
 *
 * Compose it after `redirect`, `cache` and `deduplicate` and before `responseError`: `compose(redirect, bearer, responseError)`. A request
 * with credentials of its own is sent untouched. Under `fetch` every body is an iterator and can be sent only once: use `@tokenflight/fetch`
 * there.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const dispatcher = new Agent().compose(bearer(tokens, { origins: "https://api.example.com" }));
 * const { body } = await request("https://api.example.com/orders", { dispatcher });
 * ```
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<Dispatcher.DispatchOptions>,
  options: BearerOptions<UndiciResponse>,
): Dispatcher.DispatcherComposeInterceptor {
  const policy = new BearerPolicy(tokens, options);
  if (Object.hasOwn(options, "refused") && looksIntoBodies(options.refused as object)) {
    throw new InvalidOptionError(
      "refused",
      "a function of status and headers, because a dispatcher shows no body",
      "one that looks into bodies",
    );
  }
  const selects = typeof tokens === "function";
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
    const attachment: Attachment = { policy, dispatch, selects };
    const without = (request: Dispatcher.DispatchOptions, handler: Handler, origin: string, reason: WithoutTokenReason): boolean => {
      policy.log.withoutToken(origin, reason);
      return dispatch(request, selects ? inCallersContext(handler) : handler);
    };
    return (given, handler) => {
      if (!isOrdinary(given, handler)) return dispatch(given, handler);
      const origin = dispatcherOrigin ?? String(given.origin);
      if (!policy.allows(origin)) return without(given, handler, origin, "origin");
      const own = Object.hasOwn(given, "headers") ? given.headers : undefined;
      const headers = readableHeaders(own);
      const request = headers === own ? given : ({ ...given, headers } as Dispatcher.DispatchOptions);
      // undici itself says what is wrong with them.
      if (!isReadable(headers)) return dispatch(request, handler);
      if (areOwnCredentials(headers, policy.credentials)) return without(request, handler, origin, "own-credentials");
      let cache: ReturnType<typeof policy.cacheFor>;
      try {
        cache = policy.cacheFor(given);
      } catch (error) {
        failWith(handler, new RequestController(), error);
        return false;
      }
      if (cache === undefined) return without(request, handler, origin, "no-cache");
      return new OutgoingUndiciRequest(attachment, origin, request, handler).start(cache);
    };
  };
}

type Handler = Dispatcher.DispatchHandler;

/** CONNECT speaks to a proxy. A handler of an older undici, such as that of Node's own fetch, is for undici to refuse. */
function isOrdinary({ method }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
  return method !== "CONNECT" && typeof handler?.onRequestStart === "function";
}
