import { hasOwn, TokenSet, toTokenResponse, type TokenResponse } from "@tokenflight/core";
import { scopesIn } from "./scopes.ts";

/**
 * Whose tokens a token set holds. It stands in the token set itself, so that a refresh token is never without the name of the only server that it may be sent
 * to, and a login replaces both at once.
 */
export interface Binding {
  /** The issuer that gave them, in its own spelling. */
  readonly issuer: string;
  /** Where its metadata is, when the MCP server has named no issuer. */
  readonly at: string | undefined;
  /** The MCP server, by its resource identifier. */
  readonly resource: string;
  readonly clientId: string;
  /** The scopes that were asked for, whatever was granted. */
  readonly scopes: readonly string[];
}

/** The field of a token set's `extra`. */
const field = "mcp";

/** Names in a token response whose tokens they are, whatever the server may have written there. */
export function bound(tokens: TokenSet | TokenResponse, { issuer, at, resource, clientId, scopes }: Binding): TokenResponse {
  const binding = { issuer, at, resource, client_id: clientId, scope: scopes.join(" ") };
  // The first fields are those that are kept when an answer has very many.
  const named: TokenResponse = { [field]: undefined, ...responseOf(tokens) };
  named[field] = binding;
  return named;
}

export function responseOf(given: TokenSet | TokenResponse): TokenResponse {
  return given instanceof TokenSet ? toTokenResponse(given) : given;
}

/** Whose tokens they are; undefined for those that did not come from a login of this package. */
export function bindingOf(tokenSet: TokenSet | undefined): Binding | undefined {
  const extra = tokenSet?.extra;
  const written: unknown = extra !== undefined && hasOwn(extra, field) ? extra[field] : undefined;
  if (typeof written !== "object" || written === null) return undefined;
  const text = (name: string): string | undefined => {
    const value = hasOwn(written, name) ? (written as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [issuer, resource, clientId] = [text("issuer"), text("resource"), text("client_id")];
  if (issuer === undefined || resource === undefined || clientId === undefined) return undefined;
  return { issuer, at: text("at"), resource, clientId, scopes: scopesIn(text("scope")) };
}

/** Whether a token set is all that a new login for these scopes would give: they were granted, or were asked for and not granted. */
export function covers(tokenSet: TokenSet, scopes: readonly string[]): boolean {
  const had = new Set([...scopesIn(tokenSet.scope), ...(bindingOf(tokenSet)?.scopes ?? [])]);
  return scopes.every((scope) => had.has(scope));
}
