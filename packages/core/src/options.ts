import { InvalidOptionError } from "./errors.ts";

/** Says of what kind a value is without showing it, for messages about values that may be secret. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Reads own properties only, so that a polluted prototype sets nothing, and known names only, so that a misspelt option is an error. */
export function readOptions<Options extends object>(where: string, given: Options, known: readonly (keyof Options & string)[]): Options {
  requireThat(typeof given === "object" && given !== null && !Array.isArray(given), where, "an object with options", given);
  const read = Object.create(null) as Options;
  for (const name of Object.keys(given) as (keyof Options & string)[]) {
    if (!known.includes(name)) throw new InvalidOptionError(`${where}.${name}`, `one of ${known.join(", ")}`, "an unknown option");
    if (given[name] !== undefined) read[name] = given[name];
  }
  return read;
}

/** Throws InvalidOptionError, which shows of what kind the value is, unless `holds`. */
export function requireThat(holds: boolean, where: string, expected: string, value: unknown): asserts holds {
  if (!holds) throw new InvalidOptionError(where, expected, kindOf(value));
}

export function requireFunction(where: string, value: unknown): void {
  requireThat(typeof value === "function", where, "a function", value);
}

export function requireMethods(where: string, value: unknown, methods: readonly string[]): void {
  const has = (name: string): boolean => typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function";
  requireThat(methods.every(has), where, `an object with ${methods.slice(0, -1).join(", ")} and ${methods.at(-1)}`, value);
}

export function requireText(where: string, value: unknown): void {
  requireThat(typeof value === "string" && value !== "", where, "a string that is not empty", value);
}

/** Durations are in seconds: finite, and not negative. */
export function requireSeconds(where: string, value: unknown): void {
  requireThat(Number.isFinite(value) && (value as number) >= 0, where, "a number of seconds, zero or more", value);
}

/** A timeout of zero would end everything before it began. */
export function requireTimeout(where: string, value: unknown): void {
  requireThat(Number.isFinite(value) && (value as number) > 0, where, "a number of seconds above zero", value);
}

export function requireCount(where: string, value: unknown): void {
  requireThat(Number.isSafeInteger(value) && (value as number) > 0, where, "a whole number above zero", value);
}

export function requireOneOf(where: string, value: unknown, allowed: readonly string[]): void {
  requireThat(allowed.includes(value as string), where, allowed.map((one) => `"${one}"`).join(" or "), value);
}

/** A signal may be left out. */
export function requireSignal(where: string, value: unknown): void {
  requireThat(value === undefined || value instanceof AbortSignal, where, "an AbortSignal", value);
}
