import type { BearerPolicy } from "./bearer-policy.ts";
import { hasAuthorization } from "./fetch-headers.ts";
import type { OriginCheck } from "./origins.ts";
import { membersOf, OutgoingFetchRequest, type FetchFunction } from "./outgoing-fetch-request.ts";
import { sendWithToken } from "./send-with-token.ts";

export type { FetchFunction } from "./outgoing-fetch-request.ts";

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
    const url = allowedUrl(policy, isRequest(input) ? input.url : String(input));
    if (url === undefined) return fetch(input, call.init);
    const request = isRequest(input) ? input : undefined;
    const init = withReusableHeaders(call.init);
    const cache = hasAuthorization(membersOf(init).headers ?? request?.headers) ? undefined : policy.cacheFor(call);
    if (cache === undefined) return fetch(input, init);
    const outgoing = new OutgoingFetchRequest(fetch, request ?? url, init, url, policy.wantsReplay);
    const response = sendWithToken(policy, cache, outgoing);
    return outgoing.keepsBody ? response.finally(() => outgoing.release()) : response;
  } catch (error) {
    // A fetch function never throws.
    return Promise.reject(error);
  }
}

/** The URL that the request goes to, if it may have the token. */
function allowedUrl({ allows }: { readonly allows: OriginCheck }, url: string): string | undefined {
  if (allows(url)) return url;
  if (URL.canParse(url)) return undefined;
  try {
    // Only fetch itself knows what a relative URL is relative to. Without a page to be relative to, it is an error, and fetch tells it.
    const absolute = new Request(url).url;
    return allows(absolute) ? absolute : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a Request, of whichever implementation of fetch. */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === "object" && Object.prototype.toString.call(input) === "[object Request]";
}

/** An iterator over header fields can be read once only. */
function withReusableHeaders(init: RequestInit | undefined): RequestInit | undefined {
  const headers: unknown = membersOf(init).headers;
  return typeof headers === "object" && headers !== null && "next" in headers ? { ...init, headers: new Headers(init?.headers) } : init;
}
