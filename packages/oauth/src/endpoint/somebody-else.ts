import { InvalidTokenResponseError, type TokenRequestError } from "@tokenflight/core";
import { saysError } from "./dialects.ts";
import { objectsIn } from "./envelope.ts";
import { failureOf, type EndpointAnswer } from "./failure.ts";
import type { ReadAnswer } from "./new-refresh-token.ts";
import { valuesIn } from "./tokens-in-text.ts";

/**
 * The error of an answer that has an id token of another user or issuer, wherever it stands and whatever else the answer is: nothing of it may be kept.
 * Undefined when there is no such id token.
 */
export function ofSomebodyElse(
  answer: EndpointAnswer,
  { fields, envelope, request }: ReadAnswer,
): TokenRequestError | InvalidTokenResponseError | undefined {
  const { status, text, part = "" } = answer;
  const idTokens =
    fields === undefined
      ? valuesIn(text ?? part, "id_?[tT]oken")
      : objectsIn(fields).flatMap((object) => Object.entries(object).flatMap(([name, value]) => (/^id_?token$/i.test(name) ? value : [])));
  const other = idTokens.map((idToken) => request.otherThan?.(idToken)).find((whose) => whose !== undefined);
  if (other === undefined) return undefined;
  const told = `The token endpoint answered a refresh with the id token of another ${other}. Nothing of the answer was kept: the tokens may be somebody else's.`;
  const isFailure = status < 200 || status >= 300 || saysError(fields) || saysError(envelope);
  return isFailure ? failureOf(answer, { envelope, note: told }) : new InvalidTokenResponseError(told);
}
