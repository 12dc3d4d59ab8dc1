import type { CredentialFields, HeaderFields } from "@tokenflight/core";

/** Names and values in turn, or an object. */
export type ReadableHeaders = readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * Headers that can be read more than once, and in one of two forms: something iterable, such as a Map or an iterator, becomes a list. What undici refuses, a
 * string and pieces that are no pairs, stays something that it refuses, and is in `refused`.
 */
export function readHeaders(headers: unknown): { readonly read: ReadableHeaders } | { readonly refused: unknown } {
  if (headers === undefined || headers === null) return { read: {} };
  if (typeof headers !== "object") return { refused: headers };
  if (Array.isArray(headers)) return headers.length % 2 === 0 ? { read: headers } : { refused: headers };
  if (!isIterable(headers)) return { read: headers as Record<string, unknown> };
  const pieces: unknown[] = [...headers];
  // undici would read a list of pieces as names and values in turn.
  return pieces.every((piece) => Array.isArray(piece) && piece.length === 2) ? { read: pieces.flat(1) } : { refused: new Set(pieces) };
}

/** An iterator that somebody gave to `Object.prototype` says nothing about these headers. */
function isIterable(headers: object): headers is Iterable<unknown> {
  return Symbol.iterator in headers && headers[Symbol.iterator] !== (Object.prototype as { [Symbol.iterator]?: unknown })[Symbol.iterator];
}

/** Whether any of them is a credential of the caller's own. */
export function areOwnCredentials(headers: ReadableHeaders, credentials: CredentialFields): boolean {
  if (!Array.isArray(headers)) return credentials.areOwn(headers);
  for (let at = 0; at < headers.length; at += 2) if (credentials.isOwn(String(headers[at]), headers[at + 1])) return true;
  return false;
}

/** A copy that the caller cannot change: of headers, or of a query. */
export function kept<Given extends object>(given: Given): Given {
  const copy = (Array.isArray(given) ? [...given] : { ...given }) as Record<string, unknown>;
  for (const name of Object.keys(copy)) if (Array.isArray(copy[name])) copy[name] = [...(copy[name] as unknown[])];
  return copy as Given;
}

/** A copy with these fields, and without what is a placeholder; the caller's headers stay as they are. */
export function withFields(headers: ReadableHeaders, fields: HeaderFields, credentials: CredentialFields): ReadableHeaders {
  if (!Array.isArray(headers)) {
    const copy: Record<string, unknown> = { ...headers };
    if (credentials.hasPlaceholder) for (const name of Object.keys(copy)) if (credentials.isPlaceholder(name, copy[name])) delete copy[name];
    return Object.assign(copy, fields);
  }
  const isLeft = (_: unknown, at: number): boolean => !credentials.isPlaceholder(String(headers[at - (at % 2)]), headers[at - (at % 2) + 1]);
  return [...(credentials.hasPlaceholder ? headers.filter(isLeft) : headers), ...Object.entries(fields).flat()];
}
