import { hasOwn, ownOption } from "../platform/own.ts";
import { expiryNames } from "./expiry.ts";

/** What a token set has a property of its own for. */
const named = new Set([
  "access_token",
  "token_type",
  "issued_at",
  "scope",
  "refresh_token",
  "id_token",
  "accessToken",
  "refreshToken",
  ...expiryNames,
]);
/** How many further fields are kept, and how many characters of JSON. */
const mostFields = 64;
const longest = 16_384;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a token response that no standard name covers. What the last answer said comes first; what answers before it said fills what is left of
 * the room. `ignored` is told the name of a field that JSON cannot hold, so that no store can keep it.
 */
export function readExtraFields(response: Fields, previous: Fields | undefined, ignored: (name: string) => void): Fields | undefined {
  const unnamed = Object.keys(response).filter((name) => !named.has(name));
  if (unnamed.length === 0) return previous;
  // Without a prototype, a field named `__proto__` is a field like every other.
  const fields: Record<string, unknown> = Object.create(null);
  let [room, size] = [mostFields, longest];
  const keep = (name: string, value: unknown): void => {
    const length = lengthInJson(value);
    if (length === undefined) return ignored(name);
    const needed = name.length + length;
    if (room === 0 || needed > size) return;
    [room, size] = [room - 1, size - needed];
    fields[name] = value;
  };
  for (const name of unnamed) keep(name, ownOption(response, name));
  for (const [name, value] of Object.entries(previous ?? {})) if (!hasOwn(response, name)) keep(name, value);
  return Object.freeze(fields);
}

function lengthInJson(value: unknown): number | undefined {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return undefined;
  }
}
