/** The header fields of a response of whatever class: a `Headers`, a Map, pairs, an object, or nothing but a `get`. What is none is left out. */
export function readHeaders(given: unknown): Headers {
  const headers = new Headers();
  if (typeof given !== "object" || given === null) return headers;
  for (const [name, values] of pairsOf(given))
    // Node's objects have a list for a field that came several times.
    for (const value of Array.isArray(values) ? values : [values])
      try {
        if (value != null) headers.append(name, String(value));
      } catch {
        // It could not be sent either.
      }
  return headers;
}

/** What others may need of the header fields. No cookie is given to anybody but the caller that was answered. */
export const keptFields = [
  "cache-control",
  "content-language",
  "content-type",
  "date",
  "dpop-nonce",
  "expires",
  "pragma",
  "retry-after",
  "www-authenticate",
] as const;

function pairsOf(given: object): Iterable<readonly [string, unknown]> {
  const { get, raw } = given as { get: unknown; raw: unknown };
  // What node-fetch gives else has all cookies in one.
  if (typeof raw === "function") return Object.entries(raw.call(given) as object);
  if (Symbol.iterator in given) return given as Iterable<[string, unknown]>;
  return typeof get === "function" ? keptFields.map((name) => [name, get.call(given, name)] as const) : Object.entries(given);
}
