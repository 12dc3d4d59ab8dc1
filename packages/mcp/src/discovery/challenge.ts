import { readChallenges, type Challenge } from "@tokenflight/core";

/** What a refusal of an MCP server asks for (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface McpChallenge {
  /** Where the server says that its metadata is. Nobody has looked whether that may be asked. */
  readonly resourceMetadata: string | undefined;
  /** The scopes that the request needs; empty where the server does not say. */
  readonly scopes: readonly string[];
  /** Whether a token is no use without more scope. */
  readonly needsScope: boolean;
}

/** `scope-token` of RFC 6749 section 3.3. */
const scopeText = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** A server that wants more than that means something else. Characters of one, and how many. */
const most = { length: 200, scopes: 100 };

const nothing: McpChallenge = { resourceMetadata: undefined, scopes: [], needsScope: false };

/**
 * Reads the refusal of a response: 401, or a 403 that wants more scope. Undefined for whatever is no refusal that a login can change. Of several challenges
 * the first one counts that names metadata, or else the first one for a token.
 */
export function readRefusal(response: { readonly status: number; readonly headers: Headers }): McpChallenge | undefined {
  const { status, headers } = response;
  if (status !== 401 && status !== 403) return undefined;
  const challenges = readChallenges(headers.get("www-authenticate") ?? "").filter(isForToken);
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

/** The scopes in a text with spaces between them, or in a list, each once. What is no scope is left out. */
export function scopesIn(given: unknown): string[] {
  const list: unknown[] = typeof given === "string" ? given.split(/\s+/) : Array.isArray(given) ? given : [];
  const scopes = list.filter((one): one is string => typeof one === "string" && one.length <= most.length && scopeText.test(one));
  return [...new Set(scopes)].slice(0, most.scopes);
}

/** All scopes of several lists, each once, in their order. */
export function unionOf(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}
