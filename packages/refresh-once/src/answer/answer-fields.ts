import { hasOwn } from "@tokenflight/core";

export type AnswerFields = Readonly<Record<string, unknown>>;

/** One of these makes a text a form. */
const formNames = ["access_token", "refresh_token", "error"];

/**
 * The fields of an answer: JSON or a form, by what it looks like and not by its content type. Servers send both as text/plain, or without a type. Undefined for
 * everything else.
 */
export function fieldsOf(text: string): AnswerFields | undefined {
  const plain = text.replace(/^\uFEFF+/, "").trim();
  try {
    let parsed: unknown = JSON.parse(plain);
    // Some servers write their JSON twice: as a string that has JSON in it.
    if (typeof parsed === "string") parsed = JSON.parse(parsed);
    return isObject(parsed) && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    // A page may have a link with such a field in it.
    const form = /[\n\r<>{}]/.test(plain) ? undefined : new URLSearchParams(plain);
    return formNames.some((name) => form?.has(name)) ? (Object.fromEntries(form as URLSearchParams) as AnswerFields) : undefined;
  }
}

/** How deep tokens stand in an envelope at most. */
const deepest = 3;

/** The first field with one of these names that is a text, in the answer or in an object within it (`authed_user` of Slack, `data` of others). */
export function textIn(fields: AnswerFields, ...names: string[]): string | undefined {
  return find(fields, names, (value) => (typeof value === "string" && value !== "" ? value : undefined));
}

/** The same for a number above zero, in digits too. */
export function numberIn(fields: AnswerFields, ...names: string[]): number | undefined {
  return find(fields, names, (value) => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return typeof number === "number" && number > 0 && Number.isFinite(number) ? number : undefined;
  });
}

/** Whether an answer says that something went wrong, whatever its status says. */
export function saysError(fields: AnswerFields): boolean {
  const own = (name: string): unknown => (hasOwn(fields, name) ? fields[name] : undefined);
  return Boolean(own("error") ?? own("errors")) || own("ok") === false || own("success") === false;
}

function find<Found>(fields: AnswerFields, names: readonly string[], read: (value: unknown) => Found | undefined): Found | undefined {
  let level = [fields];
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    for (const object of level)
      for (const name of names) {
        const found = hasOwn(object, name) ? read(object[name]) : undefined;
        if (found !== undefined) return found;
      }
    level = level.flatMap((object) => Object.values(object)).flatMap(objectsOf);
  }
  return undefined;
}

/** An object, or JSON text of one, as gateways write it. */
function objectsOf(value: unknown): AnswerFields[] {
  const object = typeof value === "string" && value.startsWith("{") ? fieldsOf(value) : value;
  return isObject(object) ? [object] : [];
}

function isObject(value: unknown): value is AnswerFields {
  return typeof value === "object" && value !== null;
}

/** Where the number of an `expires_in` stands, in JSON, also within a string, and in a form. */
const lifetimes = /("expires(?:_i|I)n\\*"\s*:\s*(?:\\*")?)-?\d[\d.eE+-]*|((?:^|&)expires_in=)\d+(?=&|$)/g;

/** The text of an answer that is some seconds old: its tokens end so much earlier. Everything else stays as it is, byte for byte. */
export function agedText(text: string, lifetime: number | undefined, age: number): string {
  if (lifetime === undefined || age < 1) return text;
  // One that stands twice may be about something else.
  if ([...text.matchAll(lifetimes)].length !== 1) return text;
  const left = Math.max(1, Math.floor(lifetime - age));
  return text.replace(lifetimes, (_, inJson?: string, inForm?: string) => `${inJson ?? inForm}${left}`);
}
