import { InvalidOptionError, kindOf, readOptions, requireFunction, requireText, type TokenSource } from "@tokenflight/core";
import type { ClientParts } from "./client-options.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "./grant-parameters.ts";
import { identify } from "./identity.ts";
import { withRequestedScope } from "./requested-scope.ts";
import { requestTokens } from "./token-endpoint.ts";

/** Gives a token or an assertion, anew for each token request. */
export type TextSupplier = (signal: AbortSignal) => string | Promise<string>;

export interface TokenExchangeOptions extends GrantOptions {
  /** The token to be exchanged: of the party on whose behalf the new one is. */
  subjectToken: TextSupplier;
  /** Default: an access token (RFC 8693 section 3). */
  subjectTokenType?: string | undefined;
  /** The token of the party that acts. Default: none. */
  actorToken?: TextSupplier | undefined;
  /** Default: an access token. */
  actorTokenType?: string | undefined;
  /** What is wanted. Default: left to the server. */
  requestedTokenType?: string | undefined;
}

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
  return sourceOf(client, "urn:ietf:params:oauth:grant-type:token-exchange", where, rest, types, {
    subject_token: subjectToken,
    ...(actorToken === undefined ? {} : { actor_token: actorToken }),
  });
}

/**
 * The JWT bearer grant (RFC 7523 section 2.1) as a token source. A call uses nothing up. Whom the assertion is about is not in the source's
 * identity: with a store, each subject needs a key of its own. Throws InvalidOptionError.
 */
export function jwtBearer(client: ClientParts, options: JwtBearerOptions): TokenSource {
  const { assertion, ...rest } = readOptions<JwtBearerOptions>("jwtBearer", options, ["assertion", ...grantOptionNames]);
  requireFunction("jwtBearer.assertion", assertion);
  return sourceOf(client, "urn:ietf:params:oauth:grant-type:jwt-bearer", "jwtBearer", rest, [], { assertion });
}

function sourceOf(
  client: ClientParts,
  grant: string,
  where: string,
  options: GrantOptions,
  types: readonly (readonly [string, string])[],
  suppliers: Readonly<Record<string, TextSupplier>>,
): TokenSource {
  const asked = readGrantParameters(where, options);
  const parameters = { ...asked, fields: [...asked.fields, ...types], canonical: [...asked.canonical, types] };
  const source: TokenSource = async function exchangedTokensSource({ signal }) {
    const secrets: Record<string, string> = {};
    for (const [name, supply] of Object.entries(suppliers)) {
      const text = await supply(signal);
      if (typeof text !== "string" || text === "")
        throw new InvalidOptionError(`${where}.${name}`, "a string that is not empty", kindOf(text));
      secrets[name] = text;
    }
    return withRequestedScope(await requestTokens(client, { grant, secrets, parameters, signal }), asked);
  };
  source.identity = identify(client, grant, parameters);
  source.spendsRefreshToken = false;
  return source;
}
