import type { HeaderFields } from "@tokenflight/core";
import type { Dispatcher } from "undici";

type Headers = Dispatcher.DispatchOptions["headers"];
type Pair = readonly [string, unknown];

/** Header fields in whichever of undici's forms: names and values in turn, pairs, or an object. */
function pairsOf(headers: Headers): Iterable<Pair> {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers)) {
    const pairs: Pair[] = [];
    for (let index = 0; index < headers.length; index += 2) pairs.push([String(headers[index]), headers[index + 1]]);
    return pairs;
  }
  return Symbol.iterator in headers ? (headers as Iterable<Pair>) : Object.entries(headers);
}

/** Whether the caller says something about authorization, be it only that there is none. */
export function hasAuthorization(headers: Headers): boolean {
  for (const [name] of pairsOf(headers)) if (name.toLowerCase() === "authorization") return true;
  return false;
}

/** A copy with these fields; the caller's headers stay as they are. */
export function withFields(headers: Headers, fields: HeaderFields): Record<string, string | string[]> {
  const copy: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairsOf(headers)) {
    const before = copy[name];
    copy[name] = before === undefined ? (value as string | string[]) : [before, value as string | string[]].flat();
  }
  return Object.assign(copy, fields);
}
