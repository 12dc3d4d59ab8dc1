import { TokenflightError } from "../errors/tokenflight-error.ts";
import { requireThat } from "../options.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { bareTokenScheme, tokenTypeScheme, type AuthorizationScheme, type HeaderFields, type SchemeRequest } from "./scheme.ts";

/**
 * The header fields that a scheme gives for this request.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`) for what no header can have.
 * @throws TokenflightError (`ERR_SCHEME_FAILED`) with an error of the scheme's own as its cause, so that no client retries it.
 */
export function fieldsOf(scheme: AuthorizationScheme, tokenSet: TokenSet, request: SchemeRequest): HeaderFields | Promise<HeaderFields> {
  if (scheme === tokenTypeScheme || scheme === bareTokenScheme) return scheme(tokenSet, request);
  try {
    const given = scheme(tokenSet, request);
    return typeof (given as Promise<HeaderFields> | undefined)?.then === "function"
      ? Promise.resolve(given).then(readFields).catch(fail)
      : readFields(given as HeaderFields);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  if (TokenflightError.is(error)) throw error;
  const message = "The request was not sent, because its scheme failed; the error is the cause.";
  throw new TokenflightError("ERR_SCHEME_FAILED", message, { cause: error });
}

/** RFC 9110 section 5.5. No message shows a value, which is a secret. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

function readFields(given: HeaderFields): HeaderFields {
  const isObject = typeof given === "object" && given !== null;
  requireThat(isObject, "scheme", "a function that gives header fields, such as { authorization }", given);
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const isFit = typeof value === "string" && fieldValue.test(value);
    requireThat(isFit, "scheme", `a function that gives ${name} a value that a header can hold`, value);
    fields[name.toLowerCase()] = value;
  }
  return fields;
}
