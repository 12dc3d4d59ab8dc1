import { InvalidTokenResponseError, readTokenResponse, TokenRequestError, type TokenResponse } from "@tokenflight/core";
import { valuesIn, type AnswerFields } from "./answer-fields.ts";
import { readRefusal, saysError } from "./dialects.ts";
import { envelopeIn, objectsIn } from "./envelope.ts";
import { failureOf, tokensIn, withAnswer, type EndpointAnswer } from "./failure.ts";
import { clean, maskOf } from "./mask.ts";
import { newRefreshToken, type ReadAnswer } from "./new-refresh-token.ts";

/** The error of an answer without an access token that can be used. It has the new refresh token of the answer. */
export function withoutTokens(answer: EndpointAnswer, read: ReadAnswer): TokenRequestError | InvalidTokenResponseError {
  const { fields, envelope, tokens } = read;
  const { status, text, problem, host } = answer;
  const refreshToken = newRefreshToken(answer, read);
  if (status < 200 || status >= 300 || saysError(fields) || saysError(envelope)) return failureOf(answer, { refreshToken, envelope });
  if (fields === undefined || tokens === undefined) {
    const body = problem ?? (text?.trim() === "" ? "is empty" : "is neither a JSON object nor form-encoded fields");
    const message = `The token endpoint ${host} answered ${status}, but the body ${body}.`;
    return withAnswer(new TokenRequestError("unknown", message, { status, refreshToken }), answer);
  }
  // Without any token, what the answer says elsewhere is why.
  const isRefusal = tokens["access_token"] === undefined && refreshToken === undefined && readRefusal(answer, envelope).code !== undefined;
  if (isRefusal) return failureOf(answer, { envelope });
  return withAnswer(new InvalidTokenResponseError(`${problemOf(tokens)}${hintAt(fields)}`, { refreshToken }), answer);
}

/** The error of an answer whose token has a type that is not accepted. It has the new refresh token of the answer. */
export function ofAnotherType(answer: EndpointAnswer, read: ReadAnswer & { tokens: AnswerFields }): InvalidTokenResponseError {
  const { tokens } = read;
  const type = tokens["token_type"] as string;
  const refreshToken = newRefreshToken(answer, read);
  const isSecret = [tokens["access_token"], tokens["refresh_token"]].includes(type);
  const named = type.length <= 32 && !isSecret ? `type "${clean(maskOf(tokensIn(answer))(answer.mask(type)), 32)}"` : "another type";
  const message = `The token endpoint gave a token of ${named}; expected Bearer, or a type that the option tokenTypes names.`;
  return withAnswer(new InvalidTokenResponseError(message, { refreshToken }), answer);
}

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

/** What core says of an access token that cannot be used. */
function problemOf(tokens: AnswerFields): string {
  try {
    readTokenResponse({ access_token: tokens["access_token"] } as TokenResponse, 0);
  } catch (error) {
    if (error instanceof InvalidTokenResponseError) return error.message;
  }
  return "The token endpoint gave no access token that can be used.";
}

function hintAt(fields: AnswerFields): string {
  const name = envelopeIn(fields);
  return name === undefined ? "" : ` There are tokens in "${name}": the option tokensAt: "${name}" reads them there.`;
}
