import {
  InvalidTokenResponseError,
  readOptions,
  requireFunction,
  requireText,
  type TokenResponse,
  type TokenSource,
} from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { loaded } from "../endpoint/waiting.ts";
import { grantOptionNames, identify, readGrantParameters, type GrantOptions } from "./grant-parameters.ts";

/** Gives a token or an assertion, anew for each token request. */
export type TextSupplier = (signal: AbortSignal) => string | Promise<string>;

/** The options of `tokenExchange` (RFC 8693). */
export interface TokenExchangeOptions extends GrantOptions {
  /** The token to be exchanged: of the party on whose behalf the new one is. */
  subjectToken: TextSupplier;
  /** Default: an access token (RFC 8693 section 3). */
  subjectTokenType?: string | undefined;
  /** The token of the party that acts. Default: none. */
  actorToken?: TextSupplier | undefined;
  /** Default: an access token. */
  actorTokenType?: string | undefined;
  /** What is wanted; a token of another type is refused. Default: left to the server. */
  requestedTokenType?: string | undefined;
}

/** The options of `jwtBearer` (RFC 7523 section 2.1). */
export interface JwtBearerOptions extends GrantOptions {
  /** A signed assertion about whom the token is for (RFC 7523 section 2.1). */
  assertion: TextSupplier;
}

const accessToken = "urn:ietf:params:oauth:token-type:access_token";

/**
 * Token exchange (RFC 8693) as a token source. A call uses nothing up. Whose token is exchanged is not in the source's identity: with a store,
 * each subject needs a key of its own. Throws InvalidOptionError.
 */
export function tokenExchange(client: ClientParts, options: TokenExchangeOptions): TokenSource {
  const where = "tokenExchange";
  const own = ["subjectToken", "subjectTokenType", "actorToken", "actorTokenType", "requestedTokenType"] as const;
  const read = readOptions<TokenExchangeOptions>(where, options, [...own, ...grantOptionNames]);
  const { subjectToken, subjectTokenType = accessToken, actorToken, actorTokenType = accessToken, requestedTokenType, ...rest } = read;
  requireFunction(`${where}.subjectToken`, subjectToken);
  if (actorToken !== undefined) requireFunction(`${where}.actorToken`, actorToken);
  const types: [string, string][] = [["subject_token_type", subjectTokenType]];
  if (actorToken !== undefined) types.push(["actor_token_type", actorTokenType]);
  if (requestedTokenType !== undefined) types.push(["requested_token_type", requestedTokenType]);
  for (const [name, type] of types) requireText(`${where}.${name}`, type);
  const suppliers = { subject_token: subjectToken, ...(actorToken === undefined ? {} : { actor_token: actorToken }) };
  const check = (response: TokenResponse): TokenResponse => requireIssuedType(response, requestedTokenType);
  return sourceOf(client, { grant: "urn:ietf:params:oauth:grant-type:token-exchange", where, types, suppliers, check }, rest);
}

/** Checks the type of the token (RFC 8693 section 2.2.1). A server that does not name it, as it should, is believed. */
function requireIssuedType(response: TokenResponse, requested: string | undefined): TokenResponse {
  const { issued_token_type: issued } = response;
  if (requested === undefined || issued === undefined || issued === requested) return response;
  throw new InvalidTokenResponseError("The token endpoint gave a token of another type than requestedTokenType.");
}

/**
 * The JWT bearer grant (RFC 7523 section 2.1) as a token source. A call uses nothing up. Whom the assertion is about is not in the source's
 * identity: with a store, each subject needs a key of its own. Throws InvalidOptionError.
 */
export function jwtBearer(client: ClientParts, options: JwtBearerOptions): TokenSource {
  const { assertion, ...rest } = readOptions<JwtBearerOptions>("jwtBearer", options, ["assertion", ...grantOptionNames]);
  requireFunction("jwtBearer.assertion", assertion);
  const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  return sourceOf(client, { grant, where: "jwtBearer", types: [], suppliers: { assertion }, check: (response) => response }, rest);
}

interface Exchange {
  readonly grant: string;
  /** Begins the names of options in messages. */
  readonly where: string;
  /** Further fields of the request, which are no secret. */
  readonly types: readonly (readonly [name: string, value: string])[];
  /** The secret fields, by name. */
  readonly suppliers: Readonly<Record<string, TextSupplier>>;
  /** Throws InvalidTokenResponseError. */
  readonly check: (response: TokenResponse) => TokenResponse;
}

function sourceOf(client: ClientParts, { grant, where, types, suppliers, check }: Exchange, options: GrantOptions): TokenSource {
  const { canonical, scope, ...asked } = readGrantParameters(where, options, client.tokenParameters);
  const fields = [...asked.fields, ...types];
  const source: TokenSource = async function exchangedTokensSource({ signal }) {
    const secrets: Record<string, string> = {};
    for (const [name, supply] of Object.entries(suppliers)) {
      const text = await supply(signal);
      requireText(`${where}.${name}`, text);
      secrets[name] = text;
    }
    const { requestTokens } = await loaded(import("../endpoint/token-request.ts"));
    return check(await requestTokens(client, { grant, fields, secrets, scope, signal }));
  };
  source.identity = identify(client, grant, [...canonical, types]);
  // Where the option `identity` takes its place, tokens for another API stay apart all the same.
  source.purpose = JSON.stringify([grant, ...canonical, types]);
  // Whoever the subject is has logged in elsewhere: the suppliers give what is exchanged, and no login is saved here.
  source.requiresLogin = false;
  source.spendsRefreshToken = false;
  return source;
}
