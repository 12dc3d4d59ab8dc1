import type { TokenCache } from "../cache/token-cache.ts";
import { waitFor } from "../clock.ts";
import type { BearerPolicy } from "./bearer-policy.ts";
import { isKnownFetch, type FetchFunction } from "./fetch/fetch-function.ts";
import { hasOwnCredentials, readableHeaders } from "./fetch/fetch-headers.ts";
import { membersOf } from "./fetch/fetch-init.ts";
import type { OriginCheck } from "./origins.ts";
import { OutgoingFetchRequest } from "./fetch/outgoing-fetch-request.ts";
import { absoluteUrl } from "./fetch/page.ts";
import { sendWithToken } from "./send-with-token.ts";
import { parseUrl } from "../platform/fallbacks.ts";

export { isKnownFetch, type FetchFunction } from "./fetch/fetch-function.ts";
export { GlobalFetch } from "./fetch/global-fetch.ts";
export { absoluteUrl, isInBrowser } from "./fetch/page.ts";
export { mostRedirects, networkError, nextHop, type Hop } from "./fetch/redirect-hops.ts";

/** A call of a fetch function, as a token cache selector sees it. */
export interface FetchRequest {
  readonly input: string | URL | Request;
  readonly init: RequestInit | undefined;
}

/** Calls a fetch function with a token on the request. What the adapters for fetch and for clients over fetch have in common. */
export function fetchWithToken<Call extends FetchRequest>(
  policy: BearerPolicy<Call, Response>,
  fetch: FetchFunction,
  call: Call,
): Promise<Response> {
  try {
    const { input } = call;
    const asked = isRequest(input) ? input.url : String(input);
    const request = isRequest(input) ? input : undefined;
    const url = allowedUrl(policy, asked);
    if (url === undefined) {
      policy.log.withoutToken(asked, "origin");
      return fetch(input, call.init);
    }
    // Text in place of an init is refused in the words of the function beneath.
    if (isPrimitive(call.init)) return fetch(input, call.init);
    const init = membersOf(call.init);
    const given = init.headers;
    if (given != null) init.headers = readableHeaders(given) as HeadersInit;
    const isOwn = hasOwnCredentials(policy.credentials, init.headers ?? request?.headers);
    const cache = isOwn ? undefined : policy.cacheFor(call);
    if (cache === undefined) {
      policy.log.withoutToken(url, isOwn ? "own-credentials" : "no-cache");
      // An iterator over header fields can be read once only.
      return fetch(input, init.headers === given ? call.init : init);
    }
    const isKnown = isKnownFetch(fetch);
    const outgoing = new OutgoingFetchRequest({ policy, fetch, isKnown, input: request ?? url, init, url, asked });
    const response = "then" in cache ? sendWhenKnown(policy, cache, outgoing) : sendWithToken(policy, cache, outgoing);
    return outgoing.holdsBody ? response.finally(() => outgoing.release()) : response;
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

/** The selector's answer is awaited. */
async function sendWhenKnown<Call extends FetchRequest>(
  policy: BearerPolicy<Call, Response>,
  answer: Promise<TokenCache | undefined>,
  outgoing: OutgoingFetchRequest,
): Promise<Response> {
  outgoing.keep();
  const cache = await waitFor(answer, outgoing.signal);
  if (cache !== undefined) return sendWithToken(policy, cache, outgoing);
  policy.log.withoutToken(outgoing.url, "no-cache");
  return outgoing.send(undefined);
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
