import { InvalidTokenResponseError, readTokenResponse, TokenRequestError, type TokenResponse } from "@tokenflight/core";
import { isPage, readClaims, valuesIn, type AnswerFields } from "./answer-fields.ts";
import { readRefusal, saysAnyError, saysError } from "./dialects.ts";
import { envelopeIn, idTokensIn, objectsIn } from "./envelope.ts";
import { failureOf, tokensIn, withAnswer, type EndpointAnswer } from "./failure.ts";
import { refusesGrant } from "./login-required.ts";
import { clean, maskOf } from "./mask.ts";
import { newRefreshToken, type ReadAnswer } from "./new-refresh-token.ts";

/** The error of an answer without an access token that can be used. It has the new refresh token of the answer. */
export function withoutTokens(answer: EndpointAnswer, read: ReadAnswer): TokenRequestError | InvalidTokenResponseError {
  const { client, fields, envelope, tokens } = read;
  const { status, text, problem, host } = answer;
  const refreshToken = newRefreshToken(answer, read);
  if (status < 200 || status >= 300 || saysError(fields) || saysError(envelope)) return failureOf(answer, { refreshToken, envelope });
  if (fields === undefined || tokens === undefined) {
    const body = problem ?? (text?.trim() === "" ? "is empty" : "is neither a JSON object nor form-encoded fields");
    const message = `The token endpoint ${host} answered ${status}, but the body ${body}.`;
    return withAnswer(new TokenRequestError("unknown", message, { status, refreshToken }), answer);
  }
  // Without any token, what the answer says elsewhere is why.
  const isEmpty = [undefined, null, ""].includes(tokens["access_token"] as string | null | undefined);
  const saysWhy = refreshToken === undefined && (isEmpty || saysAnyError(fields) || saysAnyError(envelope));
  const { code, codes, sentences } = readRefusal(answer, envelope);
  if (saysWhy && (code !== undefined || refusesGrant(client, [...codes, ...sentences]))) return failureOf(answer, { envelope });
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
 * The error of an answer whose id token is another user's or another issuer's, whatever else the answer is: nothing of it may be kept. Undefined for every
 * other answer.
 *
 * Its own id token is the one beside the access token, or else around that. Only without one do those count that stand elsewhere.
 */
export function ofSomebodyElse(answer: EndpointAnswer, read: ReadAnswer): TokenRequestError | InvalidTokenResponseError | undefined {
  const { fields, envelope } = read;
  const { status } = answer;
  const other = fields === undefined ? whoseText(answer, read) : whoseFields(fields, read);
  if (other === undefined) return undefined;
  const told = `The token endpoint answered a refresh with the id token of another ${other}. Nothing of the answer was kept: the tokens may be somebody else's.`;
  const isFailure = status < 200 || status >= 300 || saysError(fields) || saysError(envelope);
  return isFailure ? failureOf(answer, { envelope, note: told }) : new InvalidTokenResponseError(told);
}

function whoseFields(fields: AnswerFields, { tokens, envelope, request }: ReadAnswer): string | undefined {
  const whose = (idTokens: unknown[], isOwn: boolean): string | undefined =>
    idTokens.map((idToken) => request.otherThan?.(idToken, isOwn)).find((other) => other !== undefined);
  for (const place of [tokens, envelope, fields]) {
    const own = place === undefined ? [] : idTokensIn(place).filter(canBeRead);
    if (own.length > 0) return whose(own, true);
  }
  return whose(objectsIn(fields).flatMap(idTokensIn), false);
}

/** Where it stands in what is no JSON, nobody knows: one that is this user's is taken for the answer's own, and otherwise every one. */
function whoseText({ status, text, part = "" }: EndpointAnswer, { request }: ReadAnswer): string | undefined {
  const searched = text ?? part;
  const idTokens = isPage(searched, status >= 200 && status < 300) ? [] : valuesIn(searched, "id_?[tT]oken").filter(canBeRead);
  const others = idTokens.map((idToken) => request.otherThan?.(idToken, true));
  return others.includes(undefined) ? undefined : others[0];
}

function canBeRead(idToken: unknown): boolean {
  return typeof idToken === "object" ? idToken !== null : readClaims(idToken) !== undefined;
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
