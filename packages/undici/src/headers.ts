import type { HeaderFields } from "@tokenflight/core";
import type { Dispatcher } from "undici";

type Headers = Dispatcher.DispatchOptions["headers"];
/** Names and values in turn, or an object. */
export type ReadableHeaders = string[] | Record<string, string | string[] | undefined>;

/** Headers that can be read more than once, and in one of two forms: something iterable, such as a Map or an iterator, becomes a list. */
export function readableHeaders(headers: Headers): ReadableHeaders {
  if (headers === undefined || headers === null) return {};
  if (!isIterable(headers)) return headers as ReadableHeaders;
  if (Array.isArray(headers) && !Array.isArray(headers[0])) return headers;
  return [...headers].flat(1);
}

/** An iterator that somebody gave to `Object.prototype` says nothing about these headers. */
function isIterable(headers: NonNullable<Headers>): headers is string[] | Iterable<[string, string]> {
  return Symbol.iterator in headers && headers[Symbol.iterator] !== (Object.prototype as { [Symbol.iterator]?: unknown })[Symbol.iterator];
}

/** Whether the caller says something about authorization, be it only that there is none. */
export function hasAuthorization(headers: ReadableHeaders): boolean {
  if (!Array.isArray(headers)) return Object.keys(headers).some(isAuthorization);
  for (let index = 0; index < headers.length; index += 2) if (isAuthorization(String(headers[index]))) return true;
  return false;
}

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === "authorization";
}

/** A copy with these fields; the caller's headers stay as they are. */
export function withFields(headers: ReadableHeaders, fields: HeaderFields): ReadableHeaders {
  return Array.isArray(headers) ? [...headers, ...Object.entries(fields).flat()] : { ...headers, ...fields };
}
