import type { ClientParts } from "../client-parts.ts";
import { ownField } from "../own-fields.ts";
import { hasFieldIn, valuesIn, type AnswerFields } from "./answer-fields.ts";
import type { Answer } from "./answer.ts";
import { inOneSpelling, readRefusal, saysError } from "./dialects.ts";
import { objectsIn } from "./envelope.ts";
import { refusesGrant } from "./login-required.ts";

/** What has to be known of a request to tell whether a refresh token is new, and this user's. */
export interface RefreshTokenRequest {
  readonly secrets: Readonly<Record<string, string>>;
  /** Says whose id token this is when it is not this user's, so that nothing of the answer is kept: "user (sub)". Default: it always is. */
  readonly otherThan?: ((idToken: unknown) => string | undefined) | undefined;
}

/** An answer as it was read. */
export interface ReadAnswer {
  readonly client: ClientParts;
  readonly request: RefreshTokenRequest;
  readonly fields: AnswerFields | undefined;
  /** The object in which the tokens should be, when that is not all of the answer. */
  readonly envelope: AnswerFields | undefined;
  /** The fields among which the tokens should be. */
  readonly tokens: AnswerFields | undefined;
  /** The access token, when it can be used. */
  readonly accessToken: string | undefined;
}

/** The names of what stands beside a refresh token, as parts of patterns. */
const besides = ["access_?[tT]oken", "token_?[tT]ype", "expires_?[iI]n"];
const besideNames = ["access_token", "token_type", "expires_in", "accessToken", "tokenType", "expiresIn"];

/**
 * Finds the new refresh token in an answer that has none where it should be, or that is of no use otherwise: it may be the only one that still works.
 * It is looked for where the tokens should be, then around and within that, and in the text of an answer that is no JSON.
 *
 * A server may repeat in an answer what it was sent, in disguise, or name what is wrong with it under the field's name. So a refresh token counts
 * alone only in a 2xx without an error; otherwise only beside other fields of tokens, and outside 2xx never in an answer which says that the refresh
 * token is dead or the client wrong. Returns undefined for the one that was sent, and for what is obviously none.
 */
export function newRefreshToken(answer: Answer, read: ReadAnswer): string | undefined {
  const { client, request, fields, envelope } = read;
  const isGood = answer.status >= 200 && answer.status < 300;
  const sent = ownField(request.secrets, "refresh_token");
  const isNew = (token: string): boolean => token !== sent && !isPlaceholder(token);
  const { codes, sentences } = isGood ? { codes: [], sentences: [] } : readRefusal(answer, envelope);
  if (refusesGrant(client, [...codes, ...sentences])) return undefined;
  if (fields !== undefined) return inFields(fields, read, isGood && !saysError(fields) && !saysError(envelope), isNew);

  const text = answer.text ?? answer.part ?? "";
  const errors = valuesIn(text, "error");
  // A page may show an example.
  if (/^\s*<(?:!doctype|html)/i.test(text) || (!isGood && refusesGrant(client, errors.map(inOneSpelling)))) return undefined;
  const isBeside = besides.some((name) => hasFieldIn(text, name));
  const mayBeAlone = isGood && errors.length === 0 && /^\s*[{"]/.test(text);
  return valuesIn(text, "refresh_?[tT]oken").findLast((token) => isNew(token) && (isBeside || (mayBeAlone && !/\s/.test(token))));
}

function inFields(
  fields: AnswerFields,
  { client, envelope = fields, tokens = fields, accessToken }: ReadAnswer,
  mayBeAlone: boolean,
  isNew: (token: string) => boolean,
): string | undefined {
  const tokenIn = (object: AnswerFields, mayStandAlone: boolean): string | undefined => {
    // The second name is that of servers which write all of their names so. Core reads it, too.
    const token = ownText(object, "refresh_token") ?? ownText(object, "refreshToken");
    // A sentence about the field is no token.
    const isToken = token !== undefined && (isTokenSet(object) || (mayStandAlone && !/\s/.test(token)));
    return isToken && isNew(token) && (object === envelope || !isOfAnotherParty(object, client)) ? token : undefined;
  };
  const first = tokenIn(tokens, mayBeAlone);
  if (first !== undefined) return first;
  // What stands beside another access token belongs to that one.
  const isOfThis = (object: AnswerFields): boolean =>
    accessToken === undefined || [undefined, accessToken].includes(ownText(object, "access_token"));
  const found = objectsIn(fields)
    .filter(isOfThis)
    .flatMap((object) => tokenIn(object, mayBeAlone && (object === fields || accessToken !== undefined)) ?? []);
  // Of several, nobody knows whose they are.
  return new Set(found).size === 1 ? found[0] : undefined;
}

/** Whether tokens are of another type than those that are meant, as a bot's are beside a user's, where the client says which ones are. */
function isOfAnotherParty(fields: AnswerFields, { bearerTypes, tokenTypes }: ClientParts): boolean {
  const type = ownText(fields, "token_type")?.toLowerCase();
  return bearerTypes.size > 0 && type !== undefined && !bearerTypes.has(type) && !tokenTypes.has(type);
}

function isTokenSet(fields: AnswerFields): boolean {
  return besideNames.some((name) => Object.hasOwn(fields, name) && fields[name] !== null);
}

function ownText(fields: AnswerFields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Words that say something of a refresh token, or stand in its place. */
const placeholders = new Set(
  `expired false filtered hidden invalid masked missing none null omitted redacted refresh_token removed required revoked string true
  undefined unknown your_refresh_token`.split(/\s+/),
);

/** Whether this was put in the place of a refresh token: "***", "xxxx", "[REDACTED]", "%REFRESH%", "ab...yz", "invalid", "YOUR_REFRESH_TOKEN". */
function isPlaceholder(token: string): boolean {
  return (
    /^[\p{P}\p{S}\sx]*$/iu.test(token) ||
    /^(?:%.*%|<.*>|\[.*\]|\$?\{.*\})$/s.test(token) ||
    /\*{3}|\.{3}|…|[•●]{2}/.test(token) ||
    placeholders.has(inOneSpelling(token))
  );
}
