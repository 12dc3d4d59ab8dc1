import type { TokenResponse } from "@tokenflight/core";
import { askEndpoint, type EndpointParts } from "./endpoint-request.ts";
import type { GrantParameters } from "../grants/grant-parameters.ts";
import { withGrantedScope, type OAuthEvent } from "./granted-scope.ts";
import { readTokenEndpointResponse } from "./token-endpoint-response.ts";

export interface TokenEndpointParts extends EndpointParts {
  /** In lower case. */
  readonly tokenTypes: ReadonlySet<string>;
  /** Never throws. */
  readonly observe: (event: OAuthEvent) => void;
}

export interface TokenRequest {
  /** `grant_type`. */
  readonly grant: string;
  /** Fields that nobody may see again. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: GrantParameters;
  /** What the tokens were asked for, where that was said at an earlier step and not in `parameters`. */
  readonly scope?: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends one token request (RFC 6749 section 3.2) and reads the answer.
 *
 * Throws TokenRequestError, whose outcome tells whether the request can have reached the server, and InvalidTokenResponseError.
 */
export async function requestTokens(parts: TokenEndpointParts, request: TokenRequest): Promise<TokenResponse> {
  const { grant, secrets, parameters, scope = parameters.scope, signal } = request;
  const open = new Set(parameters.fields.map(([name]) => name));
  const fields = [["grant_type", grant] as const, ...parameters.fields, ...Object.entries(secrets)];
  const response = await askEndpoint(parts, { endpoint: "token_endpoint", fields: () => fields, open, signal }, ({ answer, host, mask }) =>
    readTokenEndpointResponse(answer, { host, tokenTypes: parts.tokenTypes, mask }),
  );
  return withGrantedScope(response, { grant, asked: scope, observe: parts.observe });
}
