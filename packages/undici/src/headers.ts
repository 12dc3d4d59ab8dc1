import type { CredentialFields, HeaderFields } from "@tokenflight/core";

/** Names and values in turn, or an object. */
export type ReadableHeaders = readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * Headers that can be read more than once: something iterable, such as a Map or an iterator, becomes a list. What undici refuses, a string and pieces that
 * are no pairs, stays something that it refuses.
 */
export function readableHeaders(headers: unknown): unknown {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers) || !isIterable(headers)) return headers;
  const pieces: unknown[] = [...headers];
  // undici would read a list of pieces as names and values in turn.
  return pieces.every((piece) => Array.isArray(piece) && piece.length === 2) ? pieces.flat(1) : new Set(pieces);
}

/** Whether these are in a form that undici takes. */
export function isReadable(headers: unknown): headers is ReadableHeaders | null | undefined {
  if (headers === undefined || headers === null) return true;
  return Array.isArray(headers) ? headers.length % 2 === 0 : typeof headers === "object" && !(headers instanceof Set);
}

/** An iterator that somebody gave to `Object.prototype` says nothing about these headers. */
function isIterable(headers: object): headers is Iterable<unknown> {
  return Symbol.iterator in headers && headers[Symbol.iterator] !== (Object.prototype as { [Symbol.iterator]?: unknown })[Symbol.iterator];
}

/** Whether any of them is a credential of the caller's own. */
export function areOwnCredentials(headers: ReadableHeaders | null | undefined, credentials: CredentialFields): boolean {
  if (headers === undefined || headers === null) return false;
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
export function withFields(
  headers: ReadableHeaders | null | undefined,
  fields: HeaderFields,
  credentials: CredentialFields,
): ReadableHeaders {
  if (headers === undefined || headers === null) return { ...fields };
  if (!Array.isArray(headers)) {
    const copy: Record<string, unknown> = { ...(headers as Readonly<Record<string, unknown>>) };
    if (credentials.hasPlaceholder)
      for (const name of Object.keys(copy)) if (credentials.isPlaceholder(name, copy[name])) delete copy[name];
    return Object.assign(copy, fields);
  }
  const isLeft = (_: unknown, at: number): boolean =>
    !credentials.isPlaceholder(String(headers[at - (at % 2)]), headers[at - (at % 2) + 1]);
  return [...(credentials.hasPlaceholder ? headers.filter(isLeft) : headers), ...Object.entries(fields).flat()];
}
