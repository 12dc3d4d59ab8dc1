import type { CredentialFields } from "../credential-fields.ts";

/*
 * The headers of a call of fetch, in one of three forms: a record, a list of pairs, or Headers of whichever fetch. Each stays in its form, because names keep
 * their spelling in it: what is made of Headers of another fetch has them in lower case.
 */

/** `HeadersInit`, which Node's types do not have by that name. */
export type HeadersLike = NonNullable<RequestInit["headers"]>;

type Pairs = [string, string][];

/**
 * Headers that can be read more than once. Whatever gives pairs one after the other becomes a list.
 *
 * @throws TypeError for what are no headers.
 */
export function readableHeaders(headers: HeadersLike | undefined): HeadersLike | undefined {
  if (headers === undefined || isRecord(headers) || isHeaders(headers)) return headers;
  if (Array.isArray(headers) && Object.getPrototypeOf(headers) === Array.prototype && headers.every(isPair)) return headers;
  const pairs: unknown[] = typeof headers === "object" && headers !== null ? Array.from(headers as Iterable<unknown>, listOf) : [];
  return pairs.length > 0 && pairs.every(isPair) ? pairs : new Headers(pairs.length > 0 ? (pairs as Pairs) : headers);
}

function listOf(pair: unknown): unknown {
  return typeof pair === "object" && pair !== null && Symbol.iterator in pair ? [...(pair as Iterable<unknown>)] : pair;
}

function isPair(pair: unknown): pair is [string, string] {
  return Array.isArray(pair) && pair.length === 2;
}

/** A name that a caller gave may be anything. */
export function nameOf(pair: readonly unknown[]): string {
  return String(pair[0]);
}

/** Whether the caller has credentials of its own in headers that `readableHeaders` gave. */
export function hasOwnCredentials(credentials: CredentialFields, headers: HeadersLike | undefined): boolean {
  if (headers === undefined) return false;
  if (isRecord(headers)) return credentials.areOwn(headers);
  if (Array.isArray(headers)) return headers.some((pair) => credentials.isOwn(nameOf(pair), pair[1]));
  for (const name of credentials.names) {
    const value = headers.get(name);
    if (value !== null && !credentials.isPlaceholder(name, value)) return true;
  }
  return false;
}

/** A copy of headers that `readableHeaders` gave. */
export function copyHeaders(headers: HeadersLike | undefined): HeadersLike | undefined {
  if (headers === undefined) return undefined;
  if (isRecord(headers)) return { ...headers };
  if (Array.isArray(headers)) return headers.map(([name, value]): [string, string] => [name, value]);
  try {
    return new (headers.constructor as typeof Headers)(headers);
  } catch {
    return new Headers(headers);
  }
}

/** Names and values, in whatever object. */
export function isRecord(headers: HeadersLike): headers is Record<string, string> {
  return typeof headers === "object" && headers !== null && !(Symbol.iterator in headers);
}

/** Headers of the platform's fetch, or of another. */
function isHeaders(headers: HeadersLike): headers is Headers {
  return Object.prototype.toString.call(headers) === "[object Headers]" && typeof (headers as Headers).get === "function";
}
