import { hasOwn } from "@tokenflight/core";
import { inOneSpelling, type ClientParts } from "../client-parts.ts";
import { ownField } from "../own-fields.ts";
import { hasFieldIn, isAccessToken, isPage, valuesIn, type AnswerFields } from "./answer-fields.ts";
import type { Answer } from "./answer.ts";
import { codesInText, readRefusal, saysAnyError, saysAnyErrorIn } from "./dialects.ts";
import { idTokensIn, objectsIn } from "./envelope.ts";
import { refusesGrant } from "./login-required.ts";

/** What has to be known of a request to tell whether a refresh token is new, and this user's. */
export interface RefreshTokenRequest {
  readonly secrets: Readonly<Record<string, string>>;
  /** Says whose id token this is when it is not this user's, so that nothing of the answer is kept. Default: it always is. */
  readonly otherThan?: OtherThan | undefined;
}

/**
 * Names what is another's about an id token: "user (sub)". `isOwn` says that it is known to be the answer's own. Any other id token may be one that the
 * user has elsewhere: of it, only another user of the same issuer counts.
 */
export type OtherThan = (idToken: unknown, isOwn: boolean) => string | undefined;

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
const accessTokenPattern = "access_?[tT]oken";
const besides = [accessTokenPattern, "token_?[tT]ype", "expires_?[iI]n"];
const besideNames = ["access_token", "token_type", "expires_in", "accessToken", "tokenType", "expiresIn"];

/**
 * Finds the new refresh token in an answer that has none where it should be, or that is of no use otherwise: it may be the only one that still works.
 * It is looked for where the tokens should be, then around and within that, and in the text of an answer that is no JSON.
 *
 * A server may repeat in an answer what it was sent, in disguise, or name what is wrong with it under the field's name. So a refresh token counts
 * alone, or beside other fields of tokens, only in a 2xx without any error; otherwise only beside an access token that can be used. Where the answer says
 * that the refresh token is dead or the client wrong, none counts, unless it is a 2xx with an access token. Returns undefined for the one that was sent, and
 * for what is obviously none.
 */
export function newRefreshToken(answer: Answer, read: ReadAnswer): string | undefined {
  const { client, request, fields, envelope, accessToken } = read;
  const isGood = answer.status >= 200 && answer.status < 300;
  const sent = ownField(request.secrets, "refresh_token");
  const isNew = (token: string): boolean => token !== sent && !isPlaceholder(token);
  const isRefused = (given: string | undefined, more: readonly string[] = []): boolean => {
    if (isGood && given !== undefined) return false;
    const { codes, sentences } = readRefusal(answer, envelope);
    return refusesGrant(client, [...codes, ...sentences, ...more]);
  };
  if (fields !== undefined) {
    if (isRefused(accessToken)) return undefined;
    return inFields(fields, read, isGood && !saysAnyError(fields) && !saysAnyError(envelope), isNew);
  }

  const text = answer.text ?? answer.part ?? "";
  const given = valuesIn(text, accessTokenPattern).find(isGivenToken);
  if (isPage(text, isGood) || isRefused(given, codesInText(text))) return undefined;
  const isSure = isGood && !saysAnyErrorIn(text);
  const isBeside = given !== undefined || (isSure && besides.some((name) => hasFieldIn(text, name)));
  const mayBeAlone = isSure && /^\s*[{"]/.test(text);
  const found = valuesIn(text, "refresh_?[tT]oken").filter((token) => isNew(token) && (isBeside || (mayBeAlone && !/\s/.test(token))));
  return found[found.length - 1];
}

function inFields(fields: AnswerFields, read: ReadAnswer, isSure: boolean, isNew: (token: string) => boolean): string | undefined {
  const { client, envelope, tokens = fields, accessToken } = read;
  const expected = client.tokensAt === undefined ? fields : envelope;
  const tokenIn = (object: AnswerFields, mayStandAlone: boolean): string | undefined => {
    // The second name is that of servers which write all of their names so. Core reads it, too.
    const token = ownText(object, "refresh_token") ?? ownText(object, "refreshToken");
    if (token === undefined || !isNew(token)) return undefined;
    // A sentence about the field is no token.
    const isToken =
      isSure && !saysAnyError(object)
        ? isTokenSet(object) || (mayStandAlone && !/\s/.test(token))
        : ["access_token", "accessToken"].some((name) => isGivenToken(ownText(object, name)));
    return isToken && (object === expected || !isOfAnotherParty(object, read)) ? token : undefined;
  };
  const first = tokenIn(tokens, true);
  if (first !== undefined) return first;
  // What stands beside another access token belongs to that one.
  const isOfThis = (object: AnswerFields): boolean =>
    accessToken === undefined || [undefined, accessToken].includes(ownText(object, "access_token"));
  const found = objectsIn(fields)
    .filter(isOfThis)
    .flatMap((object) => tokenIn(object, object === fields || accessToken !== undefined) ?? []);
  // Of several, nobody knows whose they are.
  return new Set(found).size === 1 ? found[0] : undefined;
}

/** Types that say how a token is sent, and not whose it is (RFC 6749 section 7.1, RFC 8693 section 2.2.1, RFC 9449, RFC 9200). */
const kinds = new Set(["bearer", "mac", "n_a", "dpop", "pop"]);

/**
 * Whether tokens are of another type than those that are meant, as a bot's are beside a user's, where the client says which ones are; or have an id token
 * beside them that is not this user's.
 */
function isOfAnotherParty(fields: AnswerFields, { client, request }: ReadAnswer): boolean {
  const { bearerTypes, tokenTypes } = client;
  const type = ownText(fields, "token_type")?.toLowerCase();
  const isOfAnotherType = bearerTypes.size > 0 && type !== undefined && ![bearerTypes, tokenTypes, kinds].some((types) => types.has(type));
  return isOfAnotherType || idTokensIn(fields).some((idToken) => request.otherThan?.(idToken, true) !== undefined);
}

/** Whether this is an access token, and not what stands in the place of one. */
function isGivenToken(value: unknown): value is string {
  return isAccessToken(value) && !isPlaceholder(value);
}

function isTokenSet(fields: AnswerFields): boolean {
  return besideNames.some((name) => hasOwn(fields, name) && fields[name] !== null);
}

function ownText(fields: AnswerFields, name: string): string | undefined {
  const value = hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Words that say something of a token, or stand in its place. */
const placeholders = new Set(
  `access_token expired false filtered hidden invalid masked missing none null omitted redacted refresh_token removed required revoked string true
  undefined unknown your_access_token your_refresh_token`.split(/\s+/),
);

/** Whether this was put in the place of a token: "***", "xxxx", "[REDACTED]", "%REFRESH%", "ab...yz", "invalid", "YOUR_REFRESH_TOKEN". */
function isPlaceholder(token: string): boolean {
  return (
    /^[\p{P}\p{S}\sx]*$/iu.test(token) ||
    /^(?:%.*%|<.*>|\[.*\]|\$?\{.*\})$/s.test(token) ||
    /\*{3}|\.{3}|…|[•●]{2}/.test(token) ||
    placeholders.has(inOneSpelling(token))
  );
}
