import { hasOwn } from "@tokenflight/core";
import { inOneSpelling, type ClientParts } from "../client-parts.ts";
import { ownField } from "../own-fields.ts";
import {
  formValuesIn,
  isAccessToken,
  isPage,
  jsonValuesIn,
  placesIn,
  refreshTokenIn,
  saysNone,
  textField,
  valuesIn,
  type AnswerFields,
  type TokenPlaces,
} from "./answer-fields.ts";
import type { Answer } from "./answer.ts";
import { codesInText, readRefusal, saysAnyError, saysAnyErrorIn } from "./dialects.ts";
import { idTokensIn, objectsIn, objectsInText } from "./envelope.ts";
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
export interface ReadAnswer extends TokenPlaces {
  readonly client: ClientParts;
  readonly request: RefreshTokenRequest;
}

/** Both names, as parts of patterns. */
const accessTokenPattern = "access_?[tT]oken";
const refreshTokenPattern = "refresh_?[tT]oken";
/** The names of what stands beside a refresh token. */
const besideNames = ["access_token", "token_type", "expires_in", "accessToken", "tokenType", "expiresIn"];

/**
 * Finds the new refresh token in an answer that has none where it should be, or that is of no use otherwise: it may be the only one that still works.
 * It is looked for where the tokens should be, then around and within that; in a text that is no JSON as a whole, in the objects that it has, or else in its
 * pairs of name and value.
 *
 * A server may repeat in an answer what it was sent, in disguise, or name what is wrong with it under the field's name. So a refresh token counts
 * alone, or beside other fields of tokens, only in a 2xx without any error; otherwise only beside an access token that can be used. Where the answer says
 * that the refresh token is dead or the client wrong, none counts, unless it is a 2xx with an access token. Returns undefined for the one that was sent,
 * for what is obviously none, and where there are several: nobody knows whose they are.
 */
export function newRefreshToken(answer: Answer, read: ReadAnswer): string | undefined {
  const { client, request, envelope, accessToken } = read;
  const isGood = answer.status >= 200 && answer.status < 300;
  const sent = ownField(request.secrets, "refresh_token");
  const isNew = (token: string): boolean => token !== sent && !isPlaceholder(token);
  const isRefused = (given: string | undefined, more: readonly string[] = []): boolean => {
    if (isGood && given !== undefined) return false;
    const { codes, sentences } = readRefusal(answer, envelope);
    return refusesGrant(client, [...codes, ...sentences, ...more]);
  };
  if (read.fields !== undefined) {
    if (isRefused(accessToken)) return undefined;
    const isSure = isGood && !saysAnyError(read.fields) && !saysAnyError(envelope);
    return inFields(read, { isSure, mayBeAlone: true, isNew });
  }

  const text = answer.text ?? answer.part ?? "";
  const given = [...new Set(valuesIn(text, accessTokenPattern).filter(isGivenToken))];
  if (isPage(text, isGood) || isRefused(given[0], codesInText(text))) return undefined;
  const isSure = isGood && !saysAnyErrorIn(text);
  const mayBeAlone = isSure && /^\s*[{"]/.test(text);
  const objects = objectsInText(text).map((fields): ReadAnswer => Object.assign({}, read, placesIn(fields, client.tokensAt)));
  const complete = objects.filter((object) => object.accessToken !== undefined);
  if (objects.length > 0) {
    // An object without an access token, beside one that has it, is a log's.
    const answers = complete.length > 0 ? complete : objects;
    return onlyOne(answers.flatMap((object) => inFields(object, { isSure, mayBeAlone, isNew }) ?? []));
  }
  if (given.length > 1) return undefined;
  const isEcho = (token: string): boolean => typeof sent === "string" && (sent.startsWith(token) || isWithPunctuation(token, sent));
  const json = jsonValuesIn(text, refreshTokenPattern);
  // A warning quotes the form that was sent.
  const pairs = json.length > 0 ? json : formValuesIn(text, refreshTokenPattern);
  return onlyOne(pairs.filter((token) => isNew(token) && !isEcho(token) && (given.length > 0 || (mayBeAlone && !/\s/.test(token)))));
}

/** Names of fields that wrap an answer, or a part of it; a number is that of an entry of a list. */
const wrapper = /^(?:data|results?|tokens?|body|response|payload|\d+)$/i;
/** Names of fields in which the tokens of other servers may be that the user has logged in to. */
const elsewhere = /user|identit|account|provider|integration|upstream|linked|connect|external|federat|social|idp/i;

interface Search {
  /** Whether the answer is a good one, without any error. */
  readonly isSure: boolean;
  /** Whether a refresh token may be all that there is. */
  readonly mayBeAlone: boolean;
  readonly isNew: (token: string) => boolean;
}

function inFields(read: ReadAnswer, { isSure, mayBeAlone, isNew }: Search): string | undefined {
  const { client, envelope, accessToken } = read;
  const fields = read.fields ?? {};
  const { tokens = fields } = read;
  const expected = client.tokensAt === undefined ? read.fields : envelope;
  const tokenIn = (object: AnswerFields, isAlone: boolean): string | undefined => {
    const token = refreshTokensOf(object).find(isNew);
    if (token === undefined) return undefined;
    // A sentence about the field is no token.
    const isToken =
      isSure && !saysAnyError(object)
        ? isTokenSet(object) || (isAlone && !/\s/.test(token))
        : accessTokensOf(object).some((given) => isGivenToken(given));
    return isToken && (object === expected || !isOfAnotherParty(object, read)) ? token : undefined;
  };
  const first = tokenIn(tokens, mayBeAlone);
  if (first !== undefined) return first;
  const own = accessToken ?? accessTokensOf(tokens).find(isGivenToken);
  const isOnPath = (name: string): boolean => client.tokensAt?.includes(name) === true;
  // What stands beside another access token belongs to that one; what stands beside none, to whatever the field is about.
  const places =
    own === undefined
      ? objectsIn(fields, (name) => !elsewhere.test(name) || isOnPath(name))
      : [
          ...objectsIn(fields).filter((object) => accessTokensOf(object).includes(own)),
          ...objectsIn(fields, (name) => wrapper.test(name) || isOnPath(name)).filter((object) => accessTokensOf(object).length === 0),
        ];
  return onlyOne(places.flatMap((object) => tokenIn(object, own !== undefined || (mayBeAlone && object === read.fields)) ?? []));
}

function onlyOne(found: readonly string[]): string | undefined {
  return new Set(found).size === 1 ? found[0] : undefined;
}

// The second names are those of servers which write all of their names so. Core reads that of the refresh token, too.

function refreshTokensOf(object: AnswerFields): string[] {
  return ["refresh_token", "refreshToken"].flatMap((name) => refreshTokenIn(object, name) ?? []);
}

function accessTokensOf(object: AnswerFields): string[] {
  return ["access_token", "accessToken"].flatMap((name) => textField(object, name) ?? []);
}

/** Types that say how a token is sent, and not whose it is (RFC 6749 section 7.1, RFC 8693 section 2.2.1, RFC 9449, RFC 9200). */
const kinds = new Set(["bearer", "mac", "n_a", "dpop", "pop"]);

/**
 * Whether tokens are of another type than those that are meant, as a bot's are beside a user's, where the client says which ones are; or have an id token
 * beside them that is not this user's.
 */
function isOfAnotherParty(fields: AnswerFields, { client, request }: ReadAnswer): boolean {
  const { bearerTypes, tokenTypes } = client;
  const type = textField(fields, "token_type")?.toLowerCase();
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

/** Whether a text is another one with what a sentence adds to it. */
function isWithPunctuation(text: string, other: string): boolean {
  return text.startsWith(other) && /^\W/.test(text.slice(other.length));
}

/** Words that say something of a token, or stand in its place. */
const placeholders = new Set(
  `access_token expired invalid missing refresh_token required revoked string true unknown your_access_token your_refresh_token`.split(
    /\s+/,
  ),
);

/** Whether this was put in the place of a token: "%REFRESH%", "ab...yz", "invalid", "YOUR_REFRESH_TOKEN". */
function isPlaceholder(token: string): boolean {
  return (
    saysNone(token) ||
    /^(?:%.*%|<.*>|\[.*\]|\$?\{.*\})$/s.test(token) ||
    /\*{3}|\.{3}|…|[•●]{2}/.test(token) ||
    placeholders.has(inOneSpelling(token))
  );
}
