/** The fields of an answer. An object without a prototype. */
export type AnswerFields = Readonly<Record<string, unknown>>;

/** A token set has one or two levels; a store could not write thousands. */
const maxDepth = 32;
/** One of these makes a text a form. */
const formNames = ["access_token", "refresh_token", "error", "accessToken", "refreshToken"];

/**
 * Reads a body as a JSON object or as form-encoded fields, by what it looks like and not by its content type: servers send JSON as text/plain
 * and HTML as JSON. Of a field that is there twice, the last one counts. Returns undefined for everything else.
 */
export function readFields(text: string | undefined): AnswerFields | undefined {
  if (text === undefined) return undefined;
  let fields: unknown;
  try {
    // A fetch of one's own may leave the byte order mark where it is.
    fields = JSON.parse(text.replace(/^\uFEFF/, ""));
    // Some servers write their JSON twice: as a string that has JSON in it.
    if (typeof fields === "string") fields = JSON.parse(fields);
  } catch {
    fields = readForm(text.trim());
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields) || !isShallow(fields)) return undefined;
  // Without a prototype, a field named `__proto__` is a field like every other.
  return Object.assign(Object.create(null), fields) as AnswerFields;
}

/** Returns a field that is a string and not empty. */
export function textField(fields: AnswerFields | undefined, name: string): string | undefined {
  const value = fields?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whether a header can carry this access token. Core asks the same of it. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= 262_144 && /^[\x21-\x7e]+$/.test(value);
}

/** Reads the claims of an id token and checks nothing. Returns undefined when they cannot be read, as those of an encrypted one. */
export function readClaims(idToken: unknown): AnswerFields | undefined {
  const [, payload = ""] = typeof idToken === "string" ? idToken.split(".") : [];
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return readFields(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Returns the values that a text has under a name, in whole pairs of name and value, of JSON or of a form. A body that is neither may have such pairs in it:
 * one that was cut off, or one with a warning before its JSON. `name` is part of a pattern.
 */
export function valuesIn(text: string, name: string): string[] {
  // No two parts of a pattern can match the same text, so that a search takes one pass.
  const json = text.matchAll(new RegExp(String.raw`"${name}"\s*:\s*("(?:[^"\\]|\\.)*")`, "g"));
  const form = text.matchAll(new RegExp(String.raw`(?:^|[&?\s])${name}=([^&\s"'<>]*)`, "g"));
  return [
    ...[...json].flatMap(([, value = ""]) => readString(value) ?? []),
    ...[...form].flatMap(([, value = ""]) => new URLSearchParams(`v=${value}`).get("v") || []),
  ];
}

/**
 * Whether a text is a page, or XML: it may show an example of tokens. In a 2xx, `<br />` and `<b>` begin what PHP writes of a warning before the answer
 * itself, and no page.
 */
export function isPage(text: string, isGood: boolean): boolean {
  return (isGood ? /^\s*<(?!br?[\s/>])/i : /^\s*</).test(text);
}

/** Whether a text has a field of this name, whatever its value. `name` is part of a pattern. */
export function hasFieldIn(text: string, name: string): boolean {
  return new RegExp(String.raw`"${name}"\s*:|(?:^|[&?\s])${name}=`).test(text);
}

function readForm(text: string): object | undefined {
  // Some servers write a space or a quotation mark as it is.
  if (/[\n\r<>{}]/.test(text)) return undefined;
  const form = new URLSearchParams(text);
  return formNames.some((name) => form.has(name)) ? Object.fromEntries(form) : undefined;
}

function isShallow(fields: object): boolean {
  let level: unknown[] = [fields];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return false;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return true;
}

function readString(json: string): string | undefined {
  try {
    return (JSON.parse(json) as string) || undefined;
  } catch {
    return undefined;
  }
}
