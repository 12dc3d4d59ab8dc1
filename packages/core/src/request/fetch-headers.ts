import type { HeaderFields } from "./scheme.ts";

/** Whether the caller says something about authorization, be it only that there is none. Throws TypeError for what are no headers. */
export function hasAuthorization(headers: HeadersInit | undefined): boolean {
  if (headers === undefined) return false;
  if (!isRecord(headers)) return (headers instanceof Headers ? headers : new Headers(headers)).has("authorization");
  for (const name of Object.keys(headers)) if (name.length === 13 && name.toLowerCase() === "authorization") return true;
  return false;
}

/** A copy with these fields; the caller's headers stay as they are. */
export function withFields(headers: HeadersInit | undefined, fields: HeaderFields): HeadersInit {
  // Most requests have their headers in a record, and a record is copied at a tenth of what a Headers object costs.
  if (headers === undefined || isRecord(headers)) return { ...headers, ...fields };
  const copy = new Headers(headers);
  for (const name of Object.keys(fields)) copy.set(name, fields[name] as string);
  return copy;
}

function isRecord(headers: HeadersInit): headers is Record<string, string> {
  return typeof headers === "object" && headers !== null && !(Symbol.iterator in headers);
}
