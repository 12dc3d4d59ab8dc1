import type { TokenResponse } from "@tokenflight/core";
import type { GrantParameters } from "./grant-parameters.ts";

/** A server that leaves the scope out has given what was asked for (RFC 6749 section 5.1). */
export function withRequestedScope(response: TokenResponse, { scope }: GrantParameters): TokenResponse {
  const isLeftOut = response.scope === undefined || response.scope === null || response.scope === "";
  if (isLeftOut && scope !== undefined) response.scope = scope;
  return response;
}
