import { readFields, type AnswerFields } from "./answer-fields.ts";

const most = { objects: 16, depth: 32 };

/**
 * Returns the JSON objects with tokens in a text that is no JSON as a whole: one with a warning before it or a comment behind it, or several. The last one may
 * have been cut off, and is read up to its last whole field.
 */
export function objectsInText(text: string): AnswerFields[] {
  const found: AnswerFields[] = [];
  const begin = /\{\s*"/g;
  for (let tries = 0, at = begin.exec(text); at !== null && tries < most.objects; tries += 1, at = begin.exec(text)) {
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
    if (closing.length > most.depth) break;
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
