import { InvalidTokenResponseError, TokenRequestError, type TokenResponse } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readFields, textField, type AnswerFields } from "./answer-fields.ts";
import { askEndpoint, type BodyFields } from "./endpoint-request.ts";
import { failureOf, type EndpointAnswer } from "./failure.ts";
import { clean, type Mask } from "./mask.ts";

export interface TokenRequest {
  /** `grant_type`. */
  readonly grant: string;
  /** Fields that are no secret. */
  readonly fields: BodyFields;
  /** Fields that nobody may see again. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What was asked for, in this request or at an earlier step, with spaces; undefined when that was left to the server. */
  readonly scope: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends one token request (RFC 6749 section 3.2) and reads the answer.
 *
 * Rejects with TokenRequestError, whose outcome tells whether the request can have reached the server, and InvalidTokenResponseError.
 */
export async function requestTokens(client: ClientParts, request: TokenRequest): Promise<TokenResponse> {
  const { grant, secrets, signal } = request;
  const fields: BodyFields = [["grant_type", grant], ...request.fields];
  const response = await askEndpoint(client, { endpoint: "token_endpoint", fields, secrets, namesClient: false, signal }, (answer) =>
    readTokenEndpointResponse(answer, client.tokenTypes),
  );
  return withGrantedScope(response, request, client);
}

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as it is meant rather than as it is labelled: any 2xx with tokens will
 * do, a 2xx with an `error` is that error, and an error keeps its code whatever its headers say. Core checks the fields themselves.
 *
 * Throws TokenRequestError, and InvalidTokenResponseError for a token type that is not accepted.
 */
function readTokenEndpointResponse(answer: EndpointAnswer, tokenTypes: ReadonlySet<string>): TokenResponse {
  const { status, text, problem, host, mask } = answer;
  const fields = readFields(text);
  if (status < 200 || status >= 300 || textField(fields, "error") !== undefined) throw failureOf(answer);
  if (fields !== undefined) return checkTokenType(withoutServerTimes(fields), tokenTypes, mask);
  const body = problem ?? (text?.trim() === "" ? "is empty" : "is neither a JSON object nor form-encoded fields");
  throw new TokenRequestError("unknown", `The token endpoint ${host} answered ${status}, but the body ${body}.`, { status });
}

/** Two machines' clocks are not compared: a lifetime replaces a point in time, and what time it is to the server is dropped. */
function withoutServerTimes(fields: AnswerFields): TokenResponse {
  const response = Object.assign(Object.create(null), fields) as TokenResponse;
  delete response["issued_at"];
  if (response.expires_in !== undefined && response.expires_in !== null && response.expires_in !== "") delete response.expires_at;
  return response;
}

function checkTokenType(response: TokenResponse, tokenTypes: ReadonlySet<string>, mask: Mask): TokenResponse {
  const { token_type: type } = response;
  // A missing type is "Bearer" to core, which also refuses what is not a string.
  if (typeof type !== "string" || type === "" || tokenTypes.has(type.toLowerCase())) return response;
  const named = type.length <= 32 && type !== response.access_token ? `type "${clean(mask(type), 32)}"` : "another type";
  throw new InvalidTokenResponseError(
    `The token endpoint gave a token of ${named}; expected Bearer, or a type that the option tokenTypes names.`,
  );
}

/** An event names at most so many scopes, and so many characters of each. */
const longestEvent = { scopes: 50, characters: 128 };

/**
 * Completes a response with the scope that was asked for, which is what a server that names none has given (RFC 6749 section 5.1). A server
 * that names another one is reported to the observer.
 */
function withGrantedScope(response: TokenResponse, { grant, scope: asked }: TokenRequest, { observe }: ClientParts): TokenResponse {
  if (asked === undefined) return response;
  const given = response.scope;
  if (given === undefined || given === null || given === "") return Object.assign(response, { scope: asked });
  const wanted = new Set(asked.split(" "));
  const granted = scopesIn(given);
  const missing = [...wanted].filter((scope) => !granted.has(scope));
  const added = [...granted].filter((scope) => !wanted.has(scope));
  if (missing.length > 0 || added.length > 0) observe({ type: "scope-differs", grant, missing: shorten(missing), added: shorten(added) });
  return response;
}

/** Reads text, or a list of texts. Core refuses everything else. */
function scopesIn(given: unknown): Set<string> {
  const list = typeof given === "string" ? given.split(/\s+/) : Array.isArray(given) ? given : [];
  return new Set(list.filter((scope): scope is string => typeof scope === "string" && scope !== ""));
}

function shorten(scopes: readonly string[]): string[] {
  return scopes.slice(0, longestEvent.scopes).map((scope) => clean(scope, longestEvent.characters));
}
