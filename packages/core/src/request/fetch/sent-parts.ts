import type { CredentialFields } from "../credential-fields.ts";
import type { HeaderFields } from "../scheme.ts";
import { copyHeaders, isRecord, nameOf, type HeadersLike } from "./fetch-headers.ts";
import { copyInit, memberNames } from "./fetch-init.ts";

/* What is sent in the place of the headers, the init and the Request that the caller gave. Those stay as they are. */

/** A copy with these fields, and without a placeholder; the headers themselves stay as they are. */
export function withFields(headers: HeadersLike | undefined, fields: HeaderFields, credentials: CredentialFields): HeadersLike {
  if (headers === undefined) return { ...fields };
  if (isRecord(headers)) {
    if (!credentials.hasPlaceholder) return { ...headers, ...fields };
    const kept = Object.entries(headers).filter(([name, value]) => !credentials.isPlaceholder(name, value));
    return { ...Object.fromEntries(kept), ...fields };
  }
  if (Array.isArray(headers)) {
    const kept = credentials.hasPlaceholder ? headers.filter((pair) => !credentials.isPlaceholder(nameOf(pair), pair[1])) : headers;
    return [...kept, ...Object.entries(fields)];
  }
  const copy = copyHeaders(headers) as Headers;
  for (const name of credentials.placeholderNames) if (credentials.isPlaceholder(name, copy.get(name) ?? undefined)) copy.delete(name);
  for (const name of Object.keys(fields)) copy.set(name, fields[name] as string);
  return copy;
}

/** A copy without the fields of these names, which are in lower case. */
export function withoutFields(headers: HeadersLike, names: ReadonlySet<string>): HeadersLike {
  const isKept = (pair: readonly string[]): boolean => !names.has(nameOf(pair).toLowerCase());
  if (isRecord(headers)) return Object.fromEntries(Object.entries(headers).filter(isKept));
  if (Array.isArray(headers)) return headers.filter(isKept);
  const copy = copyHeaders(headers) as Headers;
  for (const name of names) copy.delete(name);
  return copy;
}

/** An init beside a Request makes fetch forget the referrer of that. Takes it over, unless the caller's own init makes fetch forget it anyway. */
export function keepReferrer(init: RequestInit, request: Request, callers: RequestInit): void {
  const { referrer, referrerPolicy } = request;
  if ((referrer === "about:client" || referrer === undefined) && !referrerPolicy) return;
  if (memberNames.some((name) => name in callers)) return;
  init.referrer = referrer;
  init.referrerPolicy = referrerPolicy;
}

/**
 * A Request of the class of `request` with these members in it, and what is left of the init. A fetch function that adds fields to the headers of a Request,
 * as one that keeps cookies does, would lose them to headers that stand beside it. Undefined where no such Request can be made.
 */
export function asOneRequest(request: Request, input: string | Request, init: RequestInit): readonly [Request, RequestInit] | undefined {
  const rest = copyInit(init) as Record<string, unknown>;
  for (const name of memberNames) if (name !== "dispatcher" && name !== "redirect" && name !== "priority") delete rest[name];
  try {
    const whole = new (request.constructor as typeof Request)(input, init);
    // For a function that looks into an init where it has one. These are the very headers of the Request, so that it makes no difference which get a field.
    Object.assign(rest, { method: whole.method, headers: whole.headers });
    return [whole, rest];
  } catch {
    return undefined;
  }
}
