import type { Attachment } from "./attachment.ts";
import { carry } from "./send-with-token.ts";
import { FetchCarriage, type FetchFunction } from "./outgoing-fetch-request.ts";
import { hasAuthorization } from "./fetch-headers.ts";
import type { OriginCheck } from "./origins.ts";

export type { FetchFunction } from "./outgoing-fetch-request.ts";

/** A call of a fetch function, as `tokens` sees it when it is a function of the request. */
export interface FetchRequest {
  readonly input: string | URL | Request;
  readonly init: RequestInit | undefined;
}

/** Calls a fetch function with a token on the request. What the adapters for fetch and for clients over fetch have in common. */
export function fetchWithTokens<Call extends FetchRequest>(
  attachment: Attachment<Call, Response>,
  fetch: FetchFunction,
  call: Call,
): Promise<Response> {
  try {
    const { input } = call;
    const url = allowedUrl(attachment, isRequest(input) ? input.url : String(input));
    if (url === undefined) return fetch(input, call.init);
    const request = isRequest(input) ? input : undefined;
    const init = readableInit(call.init);
    const tokens = hasAuthorization(init?.headers ?? request?.headers) ? undefined : attachment.tokensFor(call);
    if (tokens === undefined) return fetch(input, init);
    const carriage = new FetchCarriage(fetch, request ?? url, init, url, attachment.mayReplay(true));
    const response = carry(attachment, tokens, carriage);
    return carriage.holdsBody ? response.finally(() => carriage.release()) : response;
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
function readableInit(init: RequestInit | undefined): RequestInit | undefined {
  const headers: unknown = init?.headers;
  return typeof headers === "object" && headers !== null && "next" in headers ? { ...init, headers: new Headers(init?.headers) } : init;
}
