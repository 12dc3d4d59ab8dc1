import type { BearerPolicy } from "./bearer-policy.ts";
import type { FetchCall } from "./fetch/fetch-call.ts";
import { isKnownFetch, type FetchFunction } from "./fetch/fetch-function.ts";
import { hasOwnCredentials, readableHeaders } from "./fetch/fetch-headers.ts";
import { membersOf } from "./fetch/fetch-init.ts";
import { lateSender, sendWhenLoaded } from "./fetch/late-sender.ts";
import type { OriginCheck } from "./origins.ts";
import type { RequestLog } from "./request-log.ts";
import { absoluteUrl } from "./fetch/page.ts";
import { parseUrl } from "../platform/fallbacks.ts";

export { isKnownFetch, type FetchFunction } from "./fetch/fetch-function.ts";
export { copyHeaders, readableHeaders } from "./fetch/fetch-headers.ts";
export { asOneRequest } from "./fetch/sent-parts.ts";
export { membersOf } from "./fetch/fetch-init.ts";
export { GlobalFetch } from "./fetch/global-fetch.ts";
export { absoluteUrl, isInBrowser } from "./fetch/page.ts";
export { mostRedirects, networkError, nextHop, type Hop } from "./fetch/redirect-hops.ts";

/** A call of a fetch function, as a token cache selector sees it. */
export interface FetchRequest {
  /** The first argument of the call. */
  readonly input: string | URL | Request;
  /** The second argument of the call. */
  readonly init: RequestInit | undefined;
}

/** Begins to load what sends requests with a token, so that it is there for the first one. */
export function preloadSender(): void {
  lateSender.preload();
}

/**
 * Calls a fetch function with a token on the request. What the adapters for fetch and for clients over fetch have in common. `log` is told of a request that
 * gets none.
 */
export function fetchWithToken<Call extends FetchRequest>(
  policy: BearerPolicy<Call, Response>,
  fetch: FetchFunction,
  call: Call,
  log: Pick<RequestLog, "withoutToken"> = policy.log,
): Promise<Response> {
  try {
    const { input } = call;
    const asked = isRequest(input) ? input.url : String(input);
    const request = isRequest(input) ? input : undefined;
    const url = allowedUrl(policy, asked);
    if (url === undefined) {
      log.withoutToken(asked, "origin");
      return fetch(input, call.init);
    }
    // Text in place of an init is refused in the words of the function beneath.
    if (isPrimitive(call.init)) return fetch(input, call.init);
    const init = membersOf(call.init);
    const given = init.headers;
    if (given != null) init.headers = readableHeaders(given) as HeadersInit;
    const headers = init.headers ?? request?.headers;
    const isOwn = hasOwnCredentials(policy.credentials, headers);
    const cache = isOwn ? undefined : policy.cacheFor(call);
    if (cache === undefined) {
      log.withoutToken(url, isOwn ? "own-credentials" : "no-cache");
      // An iterator over header fields can be read once only.
      return fetch(input, init.headers === given ? call.init : init);
    }
    const isKnown = isKnownFetch(fetch);
    const allowed: FetchCall = { policy, log, fetch, isKnown, request, init, url, asked, headers, body: init.body, isKept: false };
    return lateSender.loaded === undefined ? sendWhenLoaded(allowed, cache) : lateSender.loaded.send(allowed, cache);
  } catch (error) {
    // A fetch function never throws.
    return Promise.reject(error);
  }
}

/** The URL that the request goes to, if it may have the token. */
function allowedUrl({ allows }: { readonly allows: OriginCheck }, asked: string): string | undefined {
  if (allows(asked)) return asked;
  const url = parseUrl(asked) === null ? absoluteUrl(asked) : undefined;
  return url !== undefined && allows(url) ? url : undefined;
}

function isPrimitive(init: unknown): boolean {
  return init != null && typeof init !== "object" && typeof init !== "function";
}

/** Whether it is a Request, of whichever implementation of fetch. */
function isRequest(input: string | URL | Request): input is Request {
  if (typeof input !== "object" || input === null) return false;
  // The class of React Native has no name that an object tells.
  return Object.prototype.toString.call(input) === "[object Request]" || (typeof Request === "function" && input instanceof Request);
}
