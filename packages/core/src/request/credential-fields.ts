import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import { kindOf, requireThat } from "../options.ts";
import { ownOption } from "../platform/own.ts";
import type { AuthorizationScheme, HeaderFields } from "./scheme.ts";

/** RFC 9110 section 5.6.2. */
const fieldName = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Which header fields of a request are credentials: those that the scheme sets. The caller's own count, in any spelling and with any value, be it only that
 * there are none; the placeholder does not.
 */
export class CredentialFields {
  /** In lower case. A scheme that does not say what it sets shows it with its first fields; until then it is `authorization`. */
  #names: readonly string[];
  #isKnown: boolean;
  /** The value that counts as none, and such values of other fields. */
  readonly #value: string | undefined;
  readonly #values: ReadonlyMap<string, string> | undefined;

  /** Throws InvalidOptionError. */
  constructor(scheme: AuthorizationScheme, placeholder: unknown) {
    const fields = ownOption(scheme, "fields");
    const isList =
      fields === undefined || (Array.isArray(fields) && fields.every((name) => typeof name === "string" && fieldName.test(name)));
    requireThat(isList, "scheme.fields", 'the names of header fields, such as ["x-api-key"]', fields);
    this.#isKnown = fields !== undefined;
    this.#names = fields?.map((name) => name.toLowerCase()) ?? ["authorization"];
    if (placeholder === undefined) return;
    if (placeholder === "") throw new InvalidOptionError("placeholder", expected, "an empty string");
    if (typeof placeholder === "string") this.#value = placeholder;
    else this.#values = readPlaceholders(placeholder);
  }

  /** The fields that the scheme sets, in lower case. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether anything has to be taken off. */
  get hasPlaceholder(): boolean {
    return this.#value !== undefined || this.#values !== undefined;
  }

  /** The fields that may be a placeholder, in lower case. */
  get placeholderNames(): Iterable<string> {
    return this.#value === undefined ? (this.#values?.keys() ?? []) : this.#names;
  }

  /** Whether this field of a request is a credential of the caller's own. */
  isOwn(name: string, value: unknown): boolean {
    const { length } = name;
    for (const one of this.#names) if (one.length === length && one === name.toLowerCase()) return !this.isPlaceholder(one, value);
    return false;
  }

  /** Whether this field of a request is the placeholder. */
  isPlaceholder(name: string, value: unknown): boolean {
    if (this.#value !== undefined) return value === this.#value && this.#names.includes(name.toLowerCase());
    return this.#values !== undefined && this.#values.get(name.toLowerCase()) === value && value !== undefined;
  }

  /** Whether any of these fields is a credential of the caller's own. Of arrays, the values of a field count one by one. */
  areOwn(headers: object): boolean {
    for (const name of Object.keys(headers)) if (this.isOwn(name, (headers as Record<string, unknown>)[name])) return true;
    return false;
  }

  /** Looks at what the scheme sets. True when that was not known before, so that the caller's fields have to be looked at again. */
  learn(fields: HeaderFields): boolean {
    if (this.#isKnown) return false;
    this.#isKnown = true;
    this.#names = Object.keys(fields);
    return this.#names.length !== 1 || this.#names[0] !== "authorization";
  }
}

const expected = 'a header value such as "Bearer tokenflight", or header fields with values such as { "x-api-key": "tokenflight" }';

function readPlaceholders(given: unknown): ReadonlyMap<string, string> {
  requireThat(typeof given === "object" && given !== null && !Array.isArray(given), "placeholder", expected, given);
  const fields = Object.entries(given as Record<string, unknown>);
  if (fields.length === 0) throw new InvalidOptionError("placeholder", expected, "none");
  for (const [name, value] of fields) {
    if (!fieldName.test(name)) throw new InvalidOptionError("placeholder", expected, "a name that no header field has");
    if (typeof value !== "string" || value === "") throw new InvalidOptionError(`placeholder.${name}`, "a value", kindOf(value));
  }
  return new Map(fields.map(([name, value]) => [name.toLowerCase(), value as string]));
}
