import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";

/** The claims of an id token, of which nothing has been checked. Undefined when they cannot be read, as those of an encrypted one. */
export function readClaims(idToken: unknown): AnswerFields | undefined {
  const [, payload = ""] = typeof idToken === "string" ? idToken.split(".") : [];
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return readFields(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
