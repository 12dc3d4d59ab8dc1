import { InvalidOptionError, parseUrl, readOptions, requireText, requireThat } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import type { BodyFields } from "../endpoint/endpoint-request.ts";

/** What every grant may ask for. */
export interface GrantOptions {
  /** What the token may be used for: scopes with spaces between them, or an array (RFC 6749 section 3.3). Default: left to the server. */
  scope?: string | readonly string[] | undefined;
  /** Absolute URIs of the APIs that the token is for (RFC 8707). Default: left to the server. */
  resource?: string | readonly string[] | undefined;
  /** Names of the APIs that the token is for, where the server knows them by name instead. Default: none. */
  audience?: string | readonly string[] | undefined;
  /**
   * Further fields of the request's body. They must not be fields that the grant or the client authentication sets itself, and not secret:
   * they are part of `identity`, which can be read. Default: none.
   */
  parameters?: Readonly<Record<string, string>> | undefined;
}

export const grantOptionNames = ["scope", "resource", "audience", "parameters"] as const;

export interface GrantParameters {
  /** Fields of the request's body; none of them is secret. */
  readonly fields: BodyFields;
  /** With spaces. */
  readonly scope: string | undefined;
  /** The same for two grants that ask for the same, in whatever order. */
  readonly canonical: readonly unknown[];
  /** The same as text; undefined when nothing is asked for. */
  readonly purpose: string | undefined;
}

/** Fields that a grant, the client authentication or another option sets. */
const reserved = new Set(
  `grant_type scope resource audience code redirect_uri code_verifier refresh_token
  client_id client_secret client_assertion client_assertion_type device_code assertion
  subject_token subject_token_type actor_token actor_token_type requested_token_type`.split(/\s+/),
);

/** `scope-token` of RFC 6749 section 3.3. */
const scopeText = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Names whose tokens these are: server and client, for the logins of users; also what was asked for, for tokens without a login, which are all that there
 * is of them. No secret is in it.
 */
export function identify({ server, clientId }: ClientParts, grant: string, canonical: readonly unknown[] = []): string {
  const [kind, url] = server.identity;
  return JSON.stringify([kind, canonicalUrl(url), clientId, grant, ...canonical]);
}

/** One spelling for a URL (RFC 3986 section 6.2.2), with or without a slash at its end: issuers are written both ways. */
export function canonicalUrl(href: string): string {
  const { origin, pathname, search } = new URL(href);
  // What needs no percent sign has none, and the others are in upper case.
  const rest = `${pathname.replace(/\/+$/, "")}${search}`.replaceAll(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code.toUpperCase();
  });
  return `${origin}${rest}`;
}

/**
 * Reads what a grant asks for. `always` are the fields that its client sends with every token request: they are not among `fields`, but what they ask for
 * makes other tokens. Throws InvalidOptionError.
 */
export function readGrantParameters(where: string, options: GrantOptions, always: BodyFields = []): GrantParameters {
  const read = readOptions(where, options, grantOptionNames);
  const scopes = readScope(`${where}.scope`, read.scope);
  const resources = readList(`${where}.resource`, read.resource);
  for (const resource of resources) {
    requireThat(
      parseUrl(resource) !== null && !resource.includes("#"),
      `${where}.resource`,
      "an absolute URI without a fragment",
      resource,
    );
  }
  const audiences = readList(`${where}.audience`, read.audience);
  const parameters = readParameters(`${where}.parameters`, read.parameters ?? {});
  const scope = scopes.length === 0 ? undefined : scopes.join(" ");
  const sorted = [...new Map([...always, ...parameters])].sort(([one], [other]) => (one < other ? -1 : 1));
  const canonical = [asSet(scopes), asSet(resources), asSet(audiences), sorted];
  return {
    scope,
    fields: [
      ...(scope === undefined ? [] : [["scope", scope] as const]),
      ...resources.map((resource) => ["resource", resource] as const),
      ...audiences.map((audience) => ["audience", audience] as const),
      ...parameters,
    ],
    canonical,
    purpose: canonical.every((list) => list.length === 0) ? undefined : JSON.stringify(canonical),
  };
}

function readScope(where: string, value: GrantOptions["scope"]): string[] {
  const scopes = typeof value === "string" ? value.split(" ").filter((one) => one !== "") : readList(where, value);
  requireThat(value === undefined || scopes.length > 0, where, "at least one scope", value);
  for (const scope of scopes) {
    requireThat(scopeText.test(scope), where, 'scopes of visible ASCII characters other than " and \\', scope);
  }
  return scopes;
}

function readList(where: string, value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? [...(value as readonly string[])] : [value as string];
  for (const one of list) requireText(where, one);
  return list;
}

/** Reads fields that are sent besides those that a grant sets. Throws InvalidOptionError. */
export function readParameters(where: string, value: Readonly<Record<string, string>>): [string, string][] {
  requireThat(typeof value === "object" && value !== null && !Array.isArray(value), where, "an object of strings", value);
  const parameters = Object.entries(value);
  for (const [name, one] of parameters) {
    if (reserved.has(name)) throw new InvalidOptionError(`${where}.${name}`, "a parameter that is not set elsewhere", "one that is");
    requireThat(typeof one === "string", `${where}.${name}`, "a string", one);
  }
  return parameters;
}

function asSet(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}
