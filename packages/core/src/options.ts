import { InvalidOptionError } from "./errors/tokenflight-error.ts";
import { hasWholeUrl } from "./platform/fallbacks.ts";
import { hasWebCrypto } from "./platform/web-crypto.ts";

/** Says of what kind a value is without showing it, for messages about values that may be secret. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/**
 * Reads own properties only, so that a polluted prototype sets nothing, and known names only, so that a misspelt option is an error.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function readOptions<Options extends object>(where: string, given: Options, known: readonly (keyof Options & string)[]): Options {
  requireThat(typeof given === "object" && given !== null && !Array.isArray(given), where, "an object with options", given);
  const read = Object.create(null) as Options;
  for (const name of Object.keys(given) as (keyof Options & string)[]) {
    if (!known.includes(name)) throw unknownOption(where, name, known);
    if (given[name] !== undefined) read[name] = given[name];
  }
  return read;
}

function unknownOption(where: string, name: string, known: readonly string[]): InvalidOptionError {
  const meant = nearestName(name, known);
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  return new InvalidOptionError(`${where}.${name}`, `one of ${known.join(", ")}`, `an unknown option${hint}`);
}

/** The known name that a misspelt one is nearest to: the same but for case, `_` and `-`, or one mistake in three characters away from it. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = plain(name.slice(0, 40));
  let [nearest, least]: [string | undefined, number] = [undefined, Math.max(1, Math.floor(given.length / 3)) + 1];
  for (const one of known) {
    const mistakes = mistakesIn(given, plain(one));
    if (mistakes < least) [nearest, least] = [one, mistakes];
  }
  return nearest;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** How many characters to change, add or leave out, or neighbours to swap, until one is the other. */
function mistakesIn(given: string, wanted: string): number {
  const rows: number[][] = [Array.from({ length: wanted.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= given.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= wanted.length; j += 1) {
      const same = given[i - 1] === wanted[j - 1] ? 0 : 1;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same));
      const isSwapped = i > 1 && j > 1 && given[i - 1] === wanted[j - 2] && given[i - 2] === wanted[j - 1];
      if (isSwapped) row[j] = Math.min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(given.length, wanted.length);
}

/**
 * What cannot be used where there is no `crypto.subtle` is refused at construction.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireWebCrypto(where: string): void {
  if (hasWebCrypto()) return;
  throw new InvalidOptionError(where, "a platform with crypto.subtle, which a page has over https or on this machine", "one without it");
}

/**
 * Who may have a token cannot be told where `URL` is not that of the URL standard.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireWholeUrl(where: string): void {
  if (hasWholeUrl()) return;
  throw new InvalidOptionError(
    where,
    "a platform with the URL of the URL standard, or a polyfill such as react-native-url-polyfill",
    "one without it",
  );
}

/**
 * Checks an option.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`), which shows of what kind the value is, unless `holds`.
 */
export function requireThat(holds: boolean, where: string, expected: string, value: unknown): asserts holds {
  if (!holds) throw new InvalidOptionError(where, expected, kindOf(value));
}

/**
 * Checks that an option is a function.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireFunction(where: string, value: unknown): void {
  requireThat(typeof value === "function", where, "a function", value);
}

/**
 * Checks that an option has these methods.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireMethods(where: string, value: unknown, methods: readonly string[]): void {
  const has = (name: string): boolean => typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function";
  requireThat(methods.every(has), where, `an object with ${methods.slice(0, -1).join(", ")} and ${methods[methods.length - 1]}`, value);
}

/**
 * Checks that an option is text with a character in it at least.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireText(where: string, value: unknown): void {
  requireThat(typeof value === "string" && value !== "", where, "a string that is not empty", value);
}

/**
 * Durations are in seconds: finite, not negative, and not above `most`, for one that somebody may have written in milliseconds.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireSeconds(where: string, value: unknown, most: number = Number.POSITIVE_INFINITY): void {
  requireThat(Number.isFinite(value) && (value as number) >= 0, where, "a number of seconds, zero or more", value);
  if ((value as number) > most) throw new InvalidOptionError(where, `at most ${most} seconds`, `${String(value)} (in seconds?)`);
}

/** Seconds. No request is worth a longer wait, and whoever gives more means milliseconds. */
const longestTimeout = 600;

/**
 * Checks a timeout in seconds. One of zero would end everything before it began.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireTimeout(where: string, value: unknown, most: number = longestTimeout): void {
  requireThat(Number.isFinite(value) && (value as number) > 0, where, "a number of seconds above zero", value);
  requireSeconds(where, value, most);
}

export function requireCount(where: string, value: unknown): void {
  requireThat(Number.isSafeInteger(value) && (value as number) > 0, where, "a whole number above zero", value);
}

/**
 * Checks that an option is one of these words.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireOneOf(where: string, value: unknown, allowed: readonly string[]): void {
  requireThat(allowed.includes(value as string), where, allowed.map((one) => `"${one}"`).join(" or "), value);
}

/**
 * Checks that an option is an AbortSignal. It may be left out.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function requireSignal(where: string, value: unknown): void {
  requireThat(value === undefined || value instanceof AbortSignal, where, "an AbortSignal", value);
}
