import { hasOwn } from "@tokenflight/core";
import { readFields, textField, type AnswerFields } from "./answer-fields.ts";

/** How deep an answer is searched, and how many of its objects are looked at. */
const most = { depth: 4, objects: 100 };

/** Returns the object that stands where the option `tokensAt` says, without a prototype. */
export function insideOf(fields: AnswerFields | undefined, path: readonly string[]): AnswerFields | undefined {
  let inside = fields;
  for (const name of path) inside = inside !== undefined && hasOwn(inside, name) ? objectOf(inside[name]) : undefined;
  return inside === undefined ? undefined : (Object.assign(Object.create(null), inside) as AnswerFields);
}

/**
 * Returns the fields among which the tokens are: those in the envelope, or those around it where it has none. Some servers put the tokens of a login
 * into an envelope, and not those of a refresh.
 */
export function tokensOf(fields: AnswerFields | undefined, envelope: AnswerFields | undefined): AnswerFields | undefined {
  const places = [envelope, fields];
  // A name that stands there with nothing in it, as null, is none.
  const withText = (name: string): AnswerFields | undefined => places.find((place) => textField(place, name) !== undefined);
  const named = places.find((place) => place !== undefined && hasOwn(place, "access_token"));
  return withText("access_token") ?? withText("refresh_token") ?? named ?? fields;
}

/** Names the field that seems to be an envelope, for an error that says so. */
export function envelopeIn(fields: AnswerFields): string | undefined {
  const [name] =
    Object.entries(fields).find(([, value]) => mayHoldTokens(value) && typeof objectOf(value)?.["access_token"] === "string") ?? [];
  return name !== undefined && /^\w{1,32}$/.test(name) ? name : undefined;
}

/** Returns all objects of an answer, from the outside in, those among them that are JSON text within JSON, as gateways write it. */
export function objectsIn(fields: AnswerFields): AnswerFields[] {
  const found = [fields];
  let level: unknown[] = Object.values(fields);
  for (let depth = 0; depth < most.depth && found.length < most.objects; depth += 1) {
    const objects = level.filter(mayHoldTokens).flatMap((value) => (Array.isArray(value) ? [value] : (objectOf(value) ?? [])));
    const looked = objects.slice(0, most.objects - found.length) as AnswerFields[];
    found.push(...looked);
    level = looked.flatMap((object) => Object.values(object));
  }
  return found;
}

/** Returns what an object has as id tokens, by whichever name, and whatever it is. */
export function idTokensIn(object: AnswerFields): unknown[] {
  return Object.entries(object).flatMap(([name, value]) => (/^id_?token$/i.test(name) ? [value] : []));
}

/** An object, or JSON text of one. */
function objectOf(value: unknown): AnswerFields | undefined {
  if (typeof value === "string") return readFields(value);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as AnswerFields) : undefined;
}

/** Parsing every text of a large answer would take long. */
function mayHoldTokens(value: unknown): boolean {
  return typeof value === "string" ? /[a-z]_?token/i.test(value) : typeof value === "object" && value !== null;
}
