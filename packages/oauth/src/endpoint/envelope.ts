import type { AnswerFields } from "./answer-fields.ts";

/** Returns the object that stands where the option `tokensAt` says, without a prototype. */
export function insideOf(fields: AnswerFields | undefined, path: readonly string[]): AnswerFields | undefined {
  let inside: unknown = fields;
  for (const name of path) inside = isObject(inside) && Object.hasOwn(inside, name) ? inside[name] : undefined;
  return isObject(inside) ? (Object.assign(Object.create(null), inside) as AnswerFields) : undefined;
}

/**
 * Returns the fields among which the tokens are: those in the envelope, or those around it where it has none. Some servers put the tokens of a login
 * into an envelope, and not those of a refresh.
 */
export function tokensOf(fields: AnswerFields | undefined, envelope: AnswerFields | undefined): AnswerFields | undefined {
  const isFull = envelope !== undefined && (Object.hasOwn(envelope, "access_token") || Object.hasOwn(envelope, "refresh_token"));
  return isFull ? envelope : fields;
}

/** Names the field that seems to be an envelope, for an error that says so. */
export function envelopeIn(fields: AnswerFields): string | undefined {
  const [name] = Object.entries(fields).find(([, value]) => isObject(value) && typeof value["access_token"] === "string") ?? [];
  return name !== undefined && /^\w{1,32}$/.test(name) ? name : undefined;
}

function isObject(value: unknown): value is AnswerFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
