import { objectOf, readFields, type AnswerFields } from "./answer-fields.ts";

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

/** How many objects of a text are read, and how deep. */
const mostInText = { objects: 16, depth: 32 };

/**
 * Returns the JSON objects with tokens in a text that is no JSON as a whole: one with a warning before it or a comment behind it, or several. The last one may
 * have been cut off, and is read up to its last whole field.
 */
export function objectsInText(text: string): AnswerFields[] {
  const found: AnswerFields[] = [];
  const begin = /\{\s*"/g;
  for (let tries = 0, at = begin.exec(text); at !== null && tries < mostInText.objects; tries += 1, at = begin.exec(text)) {
    const { fields, length } = readObject(text.slice(at.index));
    if (fields !== undefined) found.push(fields);
    // What is within an object that cannot be read is no object of its own: whose tokens are there, nobody knows.
    begin.lastIndex = at.index + length;
  }
  return found;
}

function readObject(text: string): { fields?: AnswerFields | undefined; length: number } {
  /** Closes what is open, the innermost first. */
  let closing = "";
  /** The text up to the last whole value, and up to the last comma. */
  let [values, fields] = ["", ""];
  let length = text.length;
  for (const { 0: part, index } of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],]/gs)) {
    const end = index + part.length;
    if (part === "{" || part === "[") closing = (part === "{" ? "}" : "]") + closing;
    else if (part === "}" || part === "]") closing = closing.slice(1);
    if (closing.length > mostInText.depth) break;
    if (part === ",") fields = text.slice(0, index) + closing;
    else values = text.slice(0, end) + closing;
    if (closing === "") {
      length = end;
      break;
    }
  }
  if (!/token"/i.test(values)) return { length };
  return { fields: readFields(values) ?? readFields(fields), length };
}
