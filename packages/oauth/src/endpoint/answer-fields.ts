import { hasOwn } from "@tokenflight/core";
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
  const value = fields !== undefined && hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whether a header can carry this access token. Core asks the same of it. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= 262_144 && /^[\x21-\x7e]+$/.test(value);
}

/**
 * Returns the refresh token among these fields, whatever text it is, but for what says that there is none. It has no line break (RFC 6749 appendix A.17): one
 * at its end is that of the file from which the server reads it.
 */
export function refreshTokenIn(fields: AnswerFields | undefined, name = "refresh_token"): string | undefined {
  const token = textField(fields, name)?.replaceAll(/^[\r\n]+|[\r\n]+$/g, "");
  return token === undefined || saysNone(token) ? undefined : token;
}

/** Whether a text says, as a whole, that there is no token, or that it is not shown: "null", "N/A", "[REDACTED]", "***", "xxxx", " ". */
export function saysNone(token: string): boolean {
  const word = token.replaceAll(/[\p{P}\p{S}\s]+/gu, "");
  return /^(?:x{3,}|null|undefined|none|nil|na|false|redacted|hidden|masked|filtered|omitted|removed)?$/i.test(word);
}

/** Where in an answer its tokens are. */
export interface TokenPlaces {
  readonly fields: AnswerFields | undefined;
  /** The object in which the tokens should be, when that is not all of the answer. */
  readonly envelope: AnswerFields | undefined;
  /** The fields among which the tokens should be. */
  readonly tokens: AnswerFields | undefined;
  /** The access token, when it can be used. */
  readonly accessToken: string | undefined;
}

/** Finds the tokens of an answer, where the option `tokensAt` says. */
export function placesIn(fields: AnswerFields | undefined, tokensAt: readonly string[] | undefined): TokenPlaces {
  const envelope = tokensAt === undefined ? undefined : insideOf(fields, tokensAt);
  const tokens = tokensAt === undefined ? fields : tokensOf(fields, envelope);
  const given = tokens?.["access_token"];
  return { fields, envelope, tokens, accessToken: isAccessToken(given) ? given : undefined };
}

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
function tokensOf(fields: AnswerFields | undefined, envelope: AnswerFields | undefined): AnswerFields | undefined {
  const places = [envelope, fields];
  // A name that stands there with nothing in it, as null, is none.
  const withText = (name: string): AnswerFields | undefined => places.find((place) => textField(place, name) !== undefined);
  const named = places.find((place) => place !== undefined && hasOwn(place, "access_token"));
  return withText("access_token") ?? withText("refresh_token") ?? named ?? fields;
}

/** An object, or JSON text of one. */
export function objectOf(value: unknown): AnswerFields | undefined {
  if (typeof value === "string") return readFields(value);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as AnswerFields) : undefined;
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
  return [...jsonValuesIn(text, name), ...formValuesIn(text, name)];
}

/** The same of pairs of JSON. No two parts of the pattern can match the same text, so that a search takes one pass. */
export function jsonValuesIn(text: string, name: string): string[] {
  const pairs = text.matchAll(new RegExp(String.raw`"${name}"\s*:\s*("(?:[^"\\]|\\.)*")`, "g"));
  return [...pairs].flatMap(([, value = ""]) => readString(value) ?? []);
}

/** The same of pairs of a form. */
export function formValuesIn(text: string, name: string): string[] {
  const pairs = text.matchAll(new RegExp(String.raw`(?:^|[&?\s])${name}=([^&\s"'<>]*)`, "g"));
  return [...pairs].flatMap(([, value = ""]) => new URLSearchParams(`v=${value}`).get("v") || []);
}

/**
 * Whether a text is a page, or XML: it may show an example of tokens. In a 2xx, `<br />` and `<b>` begin what PHP writes of a warning before the answer
 * itself, and no page.
 */
export function isPage(text: string, isGood: boolean): boolean {
  return (isGood ? /^\s*<(?!br?[\s/>])/i : /^\s*</).test(text);
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
