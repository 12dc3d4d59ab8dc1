import { isLoopback, parseUrl } from "@tokenflight/core";
import { discoverMetadata, type AuthorizationServer } from "@tokenflight/oauth";
import { McpServerError, type McpServerFailure } from "../errors.ts";
import type { Asking } from "./resource-metadata.ts";
import { safeUrl } from "./safe-url.ts";

/** The authorization server of an MCP server: an issuer that the server names, or the server's own origin where it names none. */
export interface NamedServer {
  /** Where its metadata is looked for. */
  readonly at: string;
  /** Whether the MCP server has named it. Else its metadata may name any issuer of this origin, or be missing (the protocol's version of 2025-03-26). */
  readonly isNamed: boolean;
}

/** What is asked of it, by their names in its metadata (RFC 8414 section 2). */
const endpoints = [
  "authorization_endpoint",
  "token_endpoint",
  "registration_endpoint",
  "revocation_endpoint",
  "pushed_authorization_request_endpoint",
  "jwks_uri",
] as const;

const failures: Readonly<Record<"absent" | "another-issuer" | "unusable", McpServerFailure>> = {
  absent: "server-metadata",
  "another-issuer": "issuer",
  unusable: "server-metadata",
};

/** Asks an authorization server what it is, and checks where it would have us go. Rejects with McpServerError and TokenRequestError. */
export async function findAuthorizationServer(
  { at, isNamed }: NamedServer,
  { fetch, timeout, signal }: Asking,
): Promise<AuthorizationServer> {
  const { origin } = new URL(at);
  const isIssuer = isNamed ? undefined : (named: string): boolean => parseUrl(named)?.origin === origin;
  const found = await discoverMetadata(at, { fetch, timeout: timeout / 1000, signal, isIssuer });
  if (found.metadata !== undefined) return withSafeEndpoints(found.metadata);
  if (!isNamed && found.problem === "absent") return defaultsOf(origin);
  throw new McpServerError(failures[found.problem], found.error.message, { cause: found.error });
}

function withSafeEndpoints(found: AuthorizationServer): AuthorizationServer {
  const metadata = own(found);
  const by = new URL(metadata.issuer);
  // With a certificate, requests go to these (RFC 8705 section 5).
  const { mtls_endpoint_aliases: aliases } = metadata;
  const named = [metadata, ...(typeof aliases === "object" && aliases !== null ? [own(aliases as AuthorizationServer)] : [])];
  for (const [name, address] of named.flatMap((addresses) => endpoints.map((one) => [one, addresses[one]] as const))) {
    if (address === undefined || safeUrl(address, by) !== undefined) continue;
    const here = isLoopback(by.hostname) ? "https, or http to this machine" : "https, and not this machine";
    throw new McpServerError(
      "server-metadata",
      `The authorization server ${metadata.issuer} names an address as its ${name} that may not be used: it has to be ${here}.`,
    );
  }
  return metadata;
}

/** A copy that inherits nothing: what the server does not say must not come from anywhere else. */
function own(metadata: AuthorizationServer): AuthorizationServer {
  return Object.assign(Object.create(null) as AuthorizationServer, metadata);
}

/** The addresses of a server without any metadata (MCP 2025-03-26, section 2.3.3), which had to know PKCE. */
function defaultsOf(origin: string): AuthorizationServer {
  return own({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    code_challenge_methods_supported: ["S256"],
  });
}

/** The texts in a list of the metadata; undefined where there is no list. */
export function listOf(metadata: AuthorizationServer, name: string): readonly string[] | undefined {
  const given = metadata[name];
  return Array.isArray(given) ? given.filter((one) => typeof one === "string") : undefined;
}

/** Requires that users can log in there. Throws McpServerError. */
export function requireLoginPage(metadata: AuthorizationServer): void {
  if (metadata["authorization_endpoint"] !== undefined) return;
  throw new McpServerError("server-metadata", `The authorization server ${metadata.issuer} names no page at which users log in.`);
}

/** Requires that the server says that it knows PKCE with S256, as MCP clients have to. Throws McpServerError. */
export function requirePkce(metadata: AuthorizationServer): void {
  if (listOf(metadata, "code_challenge_methods_supported")?.includes("S256")) return;
  const told =
    'does not say that it knows PKCE with S256 (code_challenge_methods_supported). If it does, the option `pkce: "assumed"` goes on';
  throw new McpServerError("pkce", `The authorization server ${metadata.issuer} ${told}.`);
}
