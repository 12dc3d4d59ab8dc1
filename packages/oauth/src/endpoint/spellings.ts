import { hasOwn } from "@tokenflight/core";

/**
 * Finds a secret in a text however it is spelled there: percent-encoded, once or more often, with "+" for a space; with JSON's escapes; with HTML's;
 * and each character in another way. What has been found is a range of the text.
 */
export type FindSecret = (text: string, at: number) => number | undefined;

/** A secret that the end of a text cuts off is found by so many characters of it. */
const leastOfACutOne = 8;
/** In Base64, so many characters say whose they are. */
const leastOfBase64 = 8;

/** Makes what finds `secret` at a place of a text: where it ends, or undefined when it is not there. */
export function findSecret(secret: string): FindSecret {
  const characters = Array.from(secret);
  const [first = ""] = characters;
  // Most places of a text are none where it begins.
  const begins = new RegExp(`${literal(first)}|[^\\w .,:]`, "uy");
  return (text, start) => {
    begins.lastIndex = start;
    if (!begins.test(text)) return undefined;
    let places = new Set([start]);
    for (const [index, character] of characters.entries()) {
      if (index >= leastOfACutOne && places.has(text.length)) return text.length;
      const next = new Set<number>();
      for (const place of places) for (const spelling of spellingsOf(character)) addEnd(spelling, text, place, next);
      if (next.size === 0) return undefined;
      places = next;
    }
    return Math.max(...places);
  };
}

/** Makes what finds a secret in Base64 or base64url, alone or in the middle of something, such as "id:secret" (RFC 7617). */
export function findInBase64(secret: string): FindSecret[] {
  const bytes = new TextEncoder().encode(secret).subarray(0, 8192);
  const found = [0, 1, 2].flatMap((before) => {
    const encoded = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes));
    // What depends on the neighbours is left out: the first characters, and the last ones.
    const [skipped, after] = [[0, 2, 3][before], (before + bytes.length) % 3];
    const core = encoded.replace(/=+$/, "").slice(skipped, after === 0 ? undefined : -1);
    return core.length < leastOfBase64 ? [] : [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [...new Set(found)].map((core) => findSecret(core));
}

/** Two digits for each byte. */
export function inHex(secret: string): string[] {
  const digits = Array.from(new TextEncoder().encode(secret), (byte) => hex(byte)).join("");
  return digits.length < leastOfBase64 ? [] : [digits, digits.toUpperCase()];
}

function addEnd(spelling: RegExp, text: string, at: number, ends: Set<number>): void {
  spelling.lastIndex = at;
  if (spelling.test(text)) ends.add(spelling.lastIndex);
}

/** How a backslash, an ampersand and others may be written that are part of a spelling themselves. */
const backslash = String.raw`(?:\\|%(?:25)*5c|&#92;)`;
const ampersand = String.raw`(?:&|%(?:25)*26|\\u0026)(?:amp(?:;|%(?:25)*3b))*`;
const hash = "(?:#|%(?:25)*23)";
const semicolon = "(?:;|%(?:25)*3b)";

const entities: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
  "/": "sol",
  "+": "plus",
  "=": "equals",
  " ": "nbsp",
};
const controls: Readonly<Record<string, string>> = { "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t" };

/** The spellings of the characters that were asked for last. */
const known = new Map<string, readonly RegExp[]>();

function spellingsOf(character: string): readonly RegExp[] {
  let spellings = known.get(character);
  if (spellings !== undefined) return spellings;
  if (known.size >= 256) known.clear();
  spellings = makeSpellings(character);
  known.set(character, spellings);
  return spellings;
}

/** The ways to write one character. Several of them may fit at one place, with several ends. */
function makeSpellings(character: string): readonly RegExp[] {
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, index) => hex(character.charCodeAt(index), 4));
  const bytes = [...new TextEncoder().encode(character)];
  const percent = (numbers: readonly number[]): string => numbers.map((number) => `%(?:25)*${hex(number)}`).join("");
  const entity = hasOwn(entities, character) ? `|${entities[character]}` : "";
  const ways = [
    percent(bytes),
    code < 0x100 ? percent([code]) : units.map((unit) => `%u${unit}`).join(""),
    units.map((unit) => `${backslash}{1,8}u${unit}`).join(""),
    String.raw`${backslash}{1,8}(?:u\{0*${code.toString(16)}\}${code < 0x100 ? `|x${hex(code)}` : ""})`,
    `${ampersand}(?:${hash}0*${code}|${hash}x0*${code.toString(16)}${entity})${semicolon}`,
    // UTF-8 that was read as Latin-1, as header fields are.
    ...(code < 0x80 ? [] : [bytes.map((byte) => String.raw`\u${hex(byte, 4)}`).join("")]),
    ...(character === " " ? ["(?:\\+|%(?:25)*2b)"] : []),
  ];
  const letter = hasOwn(controls, character) ? controls[character] : /[a-z\d]/i.test(character) ? undefined : literal(character);
  const escaped = letter === undefined ? [] : [1, 3, 7].map((times) => `${backslash}{${times}}(?:${letter}|${percent(bytes)})`);
  return [
    new RegExp(literal(character), "uy"),
    ...escaped.map((one) => new RegExp(one, "iuy")),
    ...ways.map((way) => new RegExp(way, "iy")),
  ];
}

/** A character as a regular expression with the flag `u` has it. */
function literal(character: string): string {
  return character === "" ? "" : String.raw`\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function hex(number: number, digits = 2): string {
  return number.toString(16).padStart(digits, "0");
}
