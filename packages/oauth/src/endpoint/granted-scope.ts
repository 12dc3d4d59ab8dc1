import type { TokenResponse } from "@tokenflight/core";
import { clean } from "./clean.ts";

/** What a client notices, and what nobody fails over. No event holds a secret. */
export type OAuthEvent =
  /** The server gave a scope that is narrower or wider than what was asked for (RFC 6749 section 3.3). `grant` is the `grant_type`. */
  { readonly type: "scope-differs"; readonly grant: string; readonly missing: readonly string[]; readonly added: readonly string[] };

export interface AskedScope {
  readonly grant: string;
  /** With spaces; undefined when it was left to the server. */
  readonly asked: string | undefined;
  /** Is told when something else was given. */
  readonly observe: (event: OAuthEvent) => void;
}

/** An event's reader is told of so many scopes, and so many characters of each. */
const most = { scopes: 50, characters: 128 };

/** A server that leaves the scope out has given what was asked for (RFC 6749 section 5.1); one that names another one is told of. */
export function withGrantedScope(response: TokenResponse, { grant, asked, observe }: AskedScope): TokenResponse {
  if (asked === undefined) return response;
  const given = response.scope;
  if (given === undefined || given === null || given === "") return Object.assign(response, { scope: asked });
  const wanted = new Set(asked.split(" "));
  const got = scopesIn(given);
  const missing = [...wanted].filter((scope) => !got.has(scope));
  const added = [...got].filter((scope) => !wanted.has(scope));
  if (missing.length > 0 || added.length > 0) observe({ type: "scope-differs", grant, missing: shown(missing), added: shown(added) });
  return response;
}

/** Core refuses what is neither text nor a list of texts. */
function scopesIn(given: unknown): Set<string> {
  const list = typeof given === "string" ? given.split(/\s+/) : Array.isArray(given) ? given : [];
  return new Set(list.filter((scope): scope is string => typeof scope === "string" && scope !== ""));
}

function shown(scopes: readonly string[]): string[] {
  return scopes.slice(0, most.scopes).map((scope) => clean(scope, most.characters));
}
