import { hasOwn } from "@tokenflight/core";
import { formatOf } from "../refresh-body.ts";

export type AnswerFields = Readonly<Record<string, unknown>>;

/** The fields of an answer: JSON, whatever it is said to be, or a form that says so (GitHub). Undefined for everything else. */
export function fieldsOf(text: string, contentType: string | undefined): AnswerFields | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return formatOf(contentType) === "form" ? (Object.fromEntries(new URLSearchParams(text)) as AnswerFields) : undefined;
  }
}

/** How deep tokens stand in an envelope at most. */
const deepest = 3;

/** The first field of this name that is a text, in the answer or in an object within it (`authed_user` of Slack, `data` of others). */
export function textIn(fields: AnswerFields, name: string): string | undefined {
  return find(fields, name, (value) => (typeof value === "string" && value !== "" ? value : undefined));
}

/** The same for a number above zero, in digits too. */
export function numberIn(fields: AnswerFields, name: string): number | undefined {
  return find(fields, name, (value) => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return typeof number === "number" && number > 0 && Number.isFinite(number) ? number : undefined;
  });
}

function find<Found>(fields: AnswerFields, name: string, read: (value: unknown) => Found | undefined): Found | undefined {
  let level = [fields];
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    for (const object of level) {
      const found = hasOwn(object, name) ? read(object[name]) : undefined;
      if (found !== undefined) return found;
    }
    level = level.flatMap((object) => Object.values(object).filter(isObject));
  }
  return undefined;
}

function isObject(value: unknown): value is AnswerFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where the number of an `expires_in` stands, in JSON and in a form. */
const lifetimes = /("expires_in"\s*:\s*"?)-?\d[\d.eE+-]*|((?:^|&)expires_in=)\d+(?=&|$)/g;

/** The text of an answer that is some seconds old: its tokens end so much earlier. Everything else stays as it is, byte for byte. */
export function agedText(text: string, lifetime: number | undefined, age: number): string {
  if (lifetime === undefined || age < 1) return text;
  // One that stands twice may be about something else.
  if ([...text.matchAll(lifetimes)].length !== 1) return text;
  const left = Math.max(1, Math.floor(lifetime - age));
  return text.replace(lifetimes, (_, inJson?: string, inForm?: string) => `${inJson ?? inForm}${left}`);
}
