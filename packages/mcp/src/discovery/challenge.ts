import { readChallenges, responseField, type Challenge } from "@tokenflight/core";
import { scopesIn } from "../scopes.ts";

/** What a refusal of an MCP server asks for (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface McpChallenge {
  /** Where the server says that its metadata is. Nobody has looked whether that may be asked. */
  readonly resourceMetadata: string | undefined;
  /** The scopes that the request needs; empty where the server does not say. */
  readonly scopes: readonly string[];
  /** Whether a token is no use without more scope. */
  readonly needsScope: boolean;
}

const nothing: McpChallenge = { resourceMetadata: undefined, scopes: [], needsScope: false };

/**
 * Reads the refusal of a response: 401, or a 403 that wants more scope. Undefined for whatever is no refusal that a login can change. Of several challenges
 * the first one counts that names metadata, or else the first one for a token.
 */
export function readRefusal(response: { readonly status: number; readonly headers: Headers }): McpChallenge | undefined {
  const { status, headers } = response;
  if (status !== 401 && status !== 403) return undefined;
  const challenges = readChallenges(responseField(headers, "www-authenticate") ?? "").filter(isForToken);
  const challenge = challenges.find(({ parameters }) => parameters.has("resource_metadata")) ?? challenges[0];
  if (challenge === undefined) return status === 401 ? nothing : undefined;
  const { parameters } = challenge;
  const needsScope = parameters.get("error") === "insufficient_scope";
  if (status === 403 && !needsScope) return undefined;
  return { resourceMetadata: parameters.get("resource_metadata"), scopes: scopesIn(parameters.get("scope")), needsScope };
}

function isForToken({ scheme }: Challenge): boolean {
  return scheme === "bearer" || scheme === "dpop";
}
