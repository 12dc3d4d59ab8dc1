import { readTokenResponse, type TokenResponse } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { placesIn, readFields, refreshTokenIn, textField, type AnswerFields } from "./answer-fields.ts";
import { saysError } from "./dialects.ts";
import { askEndpoint, type BodyFields } from "./endpoint-request.ts";
import type { EndpointAnswer } from "./failure.ts";
import { clean, maskOf, type Mask } from "./mask.ts";
import { newRefreshToken, type RefreshTokenRequest } from "./new-refresh-token.ts";
import { ofAnotherType, ofSomebodyElse, withoutTokens } from "./useless-answer.ts";

export interface TokenRequest extends RefreshTokenRequest {
  /** `grant_type`. */
  readonly grant: string;
  /** Fields that are no secret. */
  readonly fields: BodyFields;
  /** Fields that nobody may see again. A refresh token among them is the one that an answer's new one differs from. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What was asked for, in this request or at an earlier step, with spaces; undefined when that was left to the server. */
  readonly scope: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends one token request (RFC 6749 section 3.2) and reads the answer.
 *
 * Rejects with TokenRequestError, whose outcome tells whether the request can have reached the server, and InvalidTokenResponseError. Whatever is
 * wrong with the answer, a new refresh token in it is the error's `refreshToken`.
 */
export async function requestTokens(client: ClientParts, request: TokenRequest): Promise<TokenResponse> {
  const { grant, secrets, signal } = request;
  const named = new Set(request.fields.map(([name]) => name));
  const always = client.tokenParameters.filter(([name]) => !named.has(name));
  const fields: BodyFields = [["grant_type", grant], ...always, ...request.fields];
  return askEndpoint(client, { endpoint: "token_endpoint", fields, secrets, namesClient: false, signal }, (answer) =>
    withGrantedScope(readTokenEndpointResponse(answer, client, request), request, client, answer.mask),
  );
}

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as it is meant rather than as it is labelled: any 2xx with tokens will do, a 2xx
 * whose `error` says something is that error, and an error keeps its code whatever its headers say. A refresh token that does not stand beside the
 * access token is looked for elsewhere. Core checks the fields themselves.
 *
 * Throws TokenRequestError, and InvalidTokenResponseError for an access token or a token type that cannot be used, and for somebody else's tokens.
 */
function readTokenEndpointResponse(answer: EndpointAnswer, client: ClientParts, request: TokenRequest): TokenResponse {
  const { status } = answer;
  const read = { client, request, ...placesIn(readFields(answer.text), client.tokensAt) };
  const { fields, envelope, tokens, accessToken } = read;
  const hasIdToken = tokens?.["id_token"] !== undefined || /id_?token/i.test(answer.text ?? answer.part ?? "");
  const foreign = hasIdToken ? ofSomebodyElse(answer, read) : undefined;
  if (foreign !== undefined) throw foreign;
  const isGood = status >= 200 && status < 300 && !hasError(fields) && !hasError(envelope);
  if (!isGood || tokens === undefined || accessToken === undefined) throw withoutTokens(answer, read);
  const type = tokens["token_type"];
  const response = withoutServerTimes(tokens);
  const refreshToken = refreshTokenIn(tokens) ?? newRefreshToken(answer, read);
  // Core would take every other text for one.
  for (const name of ["refresh_token", "refreshToken"]) if (typeof response[name] === "string") delete response[name];
  if (refreshToken !== undefined) response.refresh_token = refreshToken;
  // A missing type is "Bearer" to core, which takes whatever is no text for a missing one.
  if (typeof type !== "string" || type === "" || client.tokenTypes.has(type.toLowerCase())) return response;
  if (client.bearerTypes.has(type.toLowerCase())) return Object.assign(response, { token_type: "Bearer" });
  throw ofAnotherType(answer, { ...read, tokens });
}

function hasError(fields: AnswerFields | undefined): boolean {
  return textField(fields, "error") !== undefined && saysError(fields);
}

/** Two machines' clocks are not compared: a lifetime replaces a point in time, and what time it is to the server is dropped. */
function withoutServerTimes(fields: AnswerFields): TokenResponse {
  const response = Object.assign(Object.create(null), fields) as TokenResponse;
  delete response["issued_at"];
  // What core does not take for a lifetime, as -1 or "1h30m", replaces nothing.
  if (response.expires_at !== undefined && hasLifetime(response)) delete response.expires_at;
  return response;
}

/** Whether core finds a lifetime, by whichever of its names. */
function hasLifetime({ expires_in, expiresIn, expires_in_sec }: TokenResponse): boolean {
  return readTokenResponse({ access_token: "-", expires_in, expiresIn, expires_in_sec }, 0).expiresAt !== undefined;
}

/** An event names at most so many scopes, and so many characters of each. */
const longestEvent = { scopes: 50, characters: 128 };

/**
 * Completes a response with the scope that was asked for, which is what a server that names none has given (RFC 6749 section 5.1). A server
 * that names another one is reported to the observer.
 */
function withGrantedScope(
  response: TokenResponse,
  { grant, scope: asked }: TokenRequest,
  { observe }: ClientParts,
  mask: Mask,
): TokenResponse {
  if (asked === undefined) return response;
  const given = response.scope;
  if (given === undefined || given === null || given === "") return Object.assign(response, { scope: asked });
  const wanted = scopesIn(asked);
  const granted = scopesIn(given);
  const missing = [...wanted].filter((scope) => !granted.has(scope));
  const added = [...granted].filter((scope) => !wanted.has(scope));
  if (missing.length === 0 && added.length === 0) return response;
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = response;
  // A short token may be part of an honest scope.
  const hide = maskOf([accessToken, refreshToken, idToken].filter((token) => typeof token === "string" && token.length >= 8) as string[]);
  const shown = (text: string): string => hide(mask(text, 8));
  observe({ type: "scope-differs", grant, missing: shorten(missing, shown), added: shorten(added, shown) });
  return response;
}

/** Reads text, or a list of texts. Some servers write commas between scopes, and some programs ask for them so. */
function scopesIn(given: unknown): Set<string> {
  const list = typeof given === "string" ? given.split(/[\s,]+/) : Array.isArray(given) ? given.flatMap((one) => [...scopesIn(one)]) : [];
  return new Set(list.filter((scope): scope is string => typeof scope === "string" && scope !== ""));
}

function shorten(scopes: readonly string[], hide: Mask): string[] {
  return scopes.slice(0, longestEvent.scopes).map((scope) => clean(hide(scope), longestEvent.characters));
}
