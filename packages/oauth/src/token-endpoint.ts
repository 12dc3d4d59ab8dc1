import type { TokenResponse } from "@tokenflight/core";
import { askEndpoint, type EndpointParts } from "./endpoint-request.ts";
import type { GrantParameters } from "./grant-parameters.ts";
import { readTokenEndpointResponse } from "./token-endpoint-response.ts";

export interface TokenEndpointParts extends EndpointParts {
  /** In lower case. */
  readonly tokenTypes: ReadonlySet<string>;
}

export interface TokenRequest {
  /** `grant_type`. */
  readonly grant: string;
  /** Fields that nobody may see again. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: GrantParameters;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends one token request (RFC 6749 section 3.2) and reads the answer.
 *
 * Throws TokenRequestError, whose outcome tells whether the request can have reached the server, and InvalidTokenResponseError.
 */
export function requestTokens(parts: TokenEndpointParts, request: TokenRequest): Promise<TokenResponse> {
  const { grant, secrets, parameters, signal } = request;
  const open = new Set(parameters.fields.map(([name]) => name));
  const fields = [["grant_type", grant] as const, ...parameters.fields, ...Object.entries(secrets)];
  return askEndpoint(parts, { endpoint: "token_endpoint", fields: () => fields, open, signal }, ({ answer, host, mask }) =>
    readTokenEndpointResponse(answer, { host, tokenTypes: parts.tokenTypes, mask }),
  );
}
