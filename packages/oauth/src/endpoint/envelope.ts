import { objectOf, type AnswerFields } from "./answer-fields.ts";

/** How deep an answer is searched, and how many of its objects are looked at. */
const most = { depth: 4, objects: 100 };

/** Names the field that seems to be an envelope, for an error that says so. */
export function envelopeIn(fields: AnswerFields): string | undefined {
  const [name] =
    Object.entries(fields).find(([, value]) => mayHoldTokens(value) && typeof objectOf(value)?.["access_token"] === "string") ?? [];
  return name !== undefined && /^\w{1,32}$/.test(name) ? name : undefined;
}

/**
 * Returns all objects of an answer, from the outside in, those among them that are JSON text within JSON, as gateways write it. `mayEnter` is asked for each
 * field's name, or number in a list, whether to look in there. Default: everywhere.
 */
export function objectsIn(fields: AnswerFields, mayEnter: (name: string) => boolean = () => true): AnswerFields[] {
  const found = [fields];
  const valuesOf = (object: AnswerFields): unknown[] =>
    Object.entries(object).flatMap(([name, value]) => (mayHoldTokens(value) && mayEnter(name) ? [value] : []));
  let level = valuesOf(fields);
  for (let depth = 0; depth < most.depth && found.length < most.objects; depth += 1) {
    const objects = level.flatMap((value) => (Array.isArray(value) ? [value] : (objectOf(value) ?? [])));
    const looked = objects.slice(0, most.objects - found.length) as AnswerFields[];
    found.push(...looked);
    level = looked.flatMap(valuesOf);
  }
  return found;
}

/** Returns what an object has as id tokens, by whichever name, and whatever it is. */
export function idTokensIn(object: AnswerFields): unknown[] {
  return Object.entries(object).flatMap(([name, value]) => (/^id_?token$/i.test(name) ? [value] : []));
}

/** Parsing every text of a large answer would take long. */
function mayHoldTokens(value: unknown): boolean {
  return typeof value === "string" ? /[a-z]_?token/i.test(value) : typeof value === "object" && value !== null;
}
