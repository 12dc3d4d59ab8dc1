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

/**
 * Reads an options object: own properties only, so that a polluted prototype sets nothing, and known names only,
 * so that a misspelt option is an error and not a silent default.
 */
export function readOptions<Options extends object>(where: string, given: Options, known: readonly (keyof Options & string)[]): Options {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidOptionError(where, "an object with options", kindOf(given));
  }
  const read = Object.create(null) as Options;
  for (const name of Object.keys(given) as (keyof Options & string)[]) {
    if (!known.includes(name)) {
      throw new InvalidOptionError(`${where}.${name}`, `one of ${known.join(", ")}`, "an unknown option");
    }
    if (given[name] !== undefined) read[name] = given[name];
  }
  return read;
}

export function requireFunction(where: string, value: unknown): void {
  if (typeof value !== "function") throw new InvalidOptionError(where, "a function", kindOf(value));
}

export function requireMethods(where: string, value: unknown, methods: readonly string[]): void {
  const has = (name: string): boolean => typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function";
  if (methods.every(has)) return;
  throw new InvalidOptionError(where, `an object with ${methods.slice(0, -1).join(", ")} and ${methods.at(-1)}`, kindOf(value));
}

export function requireText(where: string, value: unknown): void {
  if (typeof value !== "string" || value === "") throw new InvalidOptionError(where, "a string that is not empty", kindOf(value));
}

/** Durations are seconds: finite and not negative. */
export function requireSeconds(where: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new InvalidOptionError(where, "a number of seconds, zero or more", kindOf(value));
  }
}

export function requireOneOf(where: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    throw new InvalidOptionError(where, allowed.map((one) => `"${one}"`).join(" or "), kindOf(value));
  }
}
