import { parseUrl } from "@tokenflight/core";
import { absoluteUrl, copyHeaders, membersOf, readableHeaders, type FetchFunction } from "@tokenflight/core/fetch";
import type { PassedThroughReason } from "../events.ts";
import type { Grant } from "../names.ts";
import { isA, isBlob } from "../bytes.ts";
import { formatOf, type RefreshBody } from "./refresh-body.ts";
import { RefreshCall } from "./refresh-call.ts";
import { readInitBody, readRequestBody, type Look } from "./request-body.ts";

export type Input = string | URL | Request;
type HeadersLike = NonNullable<RequestInit["headers"]>;

/** Is told of a call that may be a refresh, and goes out as it is. */
export type PassThrough = (endpoint: string, reason: PassedThroughReason) => void;

/**
 * What a call of a fetch function is, if it is a refresh: a POST of a form or of JSON with `grant_type=refresh_token` and one refresh token. Undefined for
 * everything else; at once where no copy of a body has to be read for that. Nothing is read that could be read only once.
 */
export function lookAtCall(
  fetch: FetchFunction,
  input: Input,
  given: RequestInit | undefined,
  passThrough: PassThrough,
): RefreshCall | undefined | Promise<RefreshCall | undefined> {
  const request = isRequest(input) ? input : undefined;
  const init = membersOf(given);
  if (String(init.method ?? request?.method).toUpperCase() !== "POST") return undefined;
  const isInRequest = init.body == null && request !== undefined;
  if (isInRequest ? request.bodyUsed || request.body === null : init.body == null) return undefined;
  const headers = headersOf(init, request);
  if (headers === undefined) return undefined;
  const said = fieldOf(headers, "content-type");
  const contentType = said ?? typeOf(init.body) ?? "";
  if (formatOf(contentType) === "other") return undefined;
  const url = absoluteUrl(request?.url ?? (input as string | URL).toString());
  const { protocol = "", origin, pathname, search = "" } = (url === undefined ? null : parseUrl(url)) ?? {};
  if (url === undefined || !/^https?:$/.test(protocol)) return undefined;
  const endpoint = `${origin}${pathname}`;
  const passed = (reason: Parameters<typeof passThrough>[1]): undefined => {
    passThrough(endpoint, reason);
  };
  if (!/^(?:identity)?$/i.test(fieldOf(headers, "content-encoding")?.trim() ?? "")) return passed("encoded");

  // The caller may change what it gave as soon as the call has returned.
  const copied = copyHeaders(headers) ?? {};
  // A Blob is sent as what was read of it, which does not bring its type along.
  const kept = said === undefined && isBlob(init.body) ? withType(copied, contentType) : copied;
  const { signal = request?.signal, ...rest } = init;
  const callOf = (body: Look): RefreshCall | undefined => {
    if (body === "stream") return passed("stream");
    const refreshToken = body === undefined ? undefined : refreshTokenIn(body);
    if (body === undefined || refreshToken === undefined) return undefined;
    if (typeof refreshToken !== "string") return passed("ambiguous");
    const authentication = ["authorization", "dpop"].map((name) => fieldOf(kept, name));
    const clientId = body.values("client_id")[0] ?? clientIdIn(authentication[0]);
    const grant: Grant = { endpoint, clientId, refreshToken };
    const called = { url, query: search, request, init: rest, headers: kept, authentication };
    return new RefreshCall(fetch, called, body, grant, signal ?? undefined);
  };
  const body = isInRequest ? readRequestBody(request, contentType) : readInitBody(init.body, contentType);
  return body instanceof Promise ? body.then(callOf) : callOf(body);
}

/** A Request of whichever class. */
function isRequest(input: Input): input is Request {
  return (
    typeof input === "object" && input !== null && "headers" in input && typeof input.url === "string" && typeof input.clone === "function"
  );
}

/** Undefined for what can be read only once, and for what is no headers. */
function headersOf({ headers }: RequestInit, request: Request | undefined): HeadersLike | undefined {
  if (headers === undefined) return request?.headers ?? {};
  const isOnce = Symbol.iterator in Object(headers) && (headers as Iterable<unknown>)[Symbol.iterator]() === (headers as unknown);
  try {
    return isOnce ? undefined : readableHeaders(headers);
  } catch {
    return undefined;
  }
}

/** The value of a field in headers that `readableHeaders` gave; undefined where it is missing. */
function fieldOf(headers: HeadersLike, name: string): string | undefined {
  if (typeof (headers as Headers).get === "function" && Symbol.iterator in headers) return (headers as Headers).get(name) ?? undefined;
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const pair = pairs.find(([one]) => one.toLowerCase() === name);
  return pair === undefined ? undefined : String(pair[1]);
}

/** The content type that a body brings along. */
function typeOf(body: RequestInit["body"]): string | undefined {
  if (isA(body, "URLSearchParams")) return "application/x-www-form-urlencoded";
  if (isA(body, "FormData")) return "multipart/form-data";
  return isBlob(body) ? body.type : undefined;
}

function withType(headers: HeadersLike, type: string): Headers {
  const typed = new Headers(headers);
  typed.set("content-type", type);
  return typed;
}

/** What bytes cannot say without becoming something else: two refresh tokens with it would have one name. */
const inexact = /[\uFFFD\p{Surrogate}]/u;

/** Undefined where it is another grant; an error where a server and this package may not read the same. */
function refreshTokenIn(body: RefreshBody): string | { readonly isAmbiguous: true } | undefined {
  const grants = body.values("grant_type");
  const tokens = body.values("refresh_token").filter((token) => token !== "");
  if (!grants.includes("refresh_token") || tokens.length === 0) return undefined;
  const isPlain = grants.length === 1 && body.values("refresh_token").length === 1 && body.values("client_id").length <= 1;
  return isPlain && !inexact.test(tokens[0] as string) ? tokens[0] : { isAmbiguous: true };
}

/** The user name of Basic authentication, which is form-encoded (RFC 6749 section 2.3.1), or should be. */
function clientIdIn(authorization: string | undefined): string | undefined {
  const [, credentials] = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? "") ?? [];
  if (credentials === undefined) return undefined;
  try {
    const [name = ""] = atob(credentials.replaceAll("-", "+").replaceAll("_", "/")).split(":", 1);
    return new URLSearchParams(`name=${name.replaceAll("&", "%26")}`).get("name") ?? undefined;
  } catch {
    return undefined;
  }
}
