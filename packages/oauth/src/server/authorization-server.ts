import {
  InvalidOptionError,
  isLoopback,
  kindOf,
  parseUrl,
  requireText,
  requireThat,
  requireWholeUrl,
  TokenRequestError,
} from "@tokenflight/core";
import type { AuthorizationServer, EndpointName, EndpointRules, LocatedServer, ServerLocator, ServerMetadata } from "../client-parts.ts";
import { ownField, ownFields } from "../own-fields.ts";

const noOrigins: EndpointRules = { isTrusted: keepsSecrets, own: new Set(), usesMtlsAliases: false };

/**
 * Where secrets may be sent: https, http to this machine, and http to the `insecure` origins. `tell` is told of each of these once, when it is first
 * sent to.
 */
export function trustedOrigins(insecure: readonly string[], tell: (origin: string) => void): EndpointRules["isTrusted"] {
  const told = new Set<string>();
  return (url) => {
    if (keepsSecrets(url)) return true;
    if (!insecure.includes(url.origin)) return false;
    if (!told.has(url.origin)) tell(url.origin);
    told.add(url.origin);
    return true;
  };
}

/**
 * A server of which only the token endpoint is known, and perhaps some more of its metadata. The endpoint stands in for the issuer, because
 * it is the audience that such a server expects in a client assertion (RFC 7523 section 3).
 */
export function fixedServer(tokenEndpoint: URL, known: Partial<AuthorizationServer>, rules: EndpointRules): ServerLocator {
  const { href } = tokenEndpoint;
  const server = locatedServer({ issuer: href, token_endpoint: href, ...known }, rules);
  return {
    identity: ["token_endpoint", href],
    async locate() {
      return server;
    },
  };
}

/**
 * A server whose metadata the program has already. It names the issuer, with or without a slash at its end, and a token endpoint. Throws InvalidOptionError.
 */
export function knownServer(
  issuer: URL,
  given: AuthorizationServer,
  known: Partial<AuthorizationServer>,
  rules: EndpointRules,
): ServerLocator {
  requireThat(typeof given === "object" && given !== null, "metadata", "the metadata of the issuer", given);
  const metadata = ownFields(given);
  const isOwn = typeof metadata.issuer === "string" && isSameIssuer(metadata.issuer, issuer);
  if (!isOwn) throw new InvalidOptionError("metadata.issuer", "the issuer of this client", kindOf(metadata.issuer));
  const endpoint = requireServerUrl("metadata.token_endpoint", metadata.token_endpoint, rules.isTrusted);
  const server = locatedServer({ ...metadata, token_endpoint: endpoint.href, ...known }, rules);
  return {
    identity: ["issuer", issuer.href],
    async locate() {
      return server;
    },
  };
}

/**
 * Whether metadata that names this issuer is that of the issuer that was asked for (RFC 8414 section 3.3). An option with or without a slash at its end
 * stands for the same addresses, and so for the same server. From here on the server's own spelling counts, exactly.
 */
export function isSameIssuer(named: string, issuer: URL): boolean {
  const withoutSlash = (href: string): string => href.replace(/\/$/, "");
  return withoutSlash(parseUrl(named)?.href ?? "") === withoutSlash(issuer.href);
}

export function locatedServer(metadata: ServerMetadata, rules: EndpointRules): LocatedServer {
  return { metadata, endpoint: (name) => endpointOf(metadata, name, rules) };
}

/** Endpoints that other parties than the client ask, or that ask for no credentials: they have no aliases. */
const withoutAlias: ReadonlySet<EndpointName> = new Set(["authorization_endpoint", "jwks_uri"]);

/**
 * The URL of an endpoint that secrets may be sent to. Whoever wrote the metadata chose it, so it is accepted only when it is https (http for
 * an issuer on this machine, or to an origin that the program allows) and has no credentials in it. An endpoint that the program itself has named was
 * checked before. Throws TokenRequestError; nothing was sent.
 */
export function endpointOf(server: ServerMetadata, name: EndpointName, rules: EndpointRules = noOrigins): URL {
  const value = (rules.usesMtlsAliases && !rules.own.has(name) ? aliasOf(server, name) : undefined) ?? server[name];
  const invalid = (problem: string): TokenRequestError =>
    new TokenRequestError("not-sent", `The server ${server.issuer} ${problem} as its ${name}.`);
  const url = typeof value === "string" ? parseUrl(value) : null;
  if (url === null) throw invalid(value === undefined ? "names nothing" : "names something that is no URL");
  const problem = problemOf(url, rules.own.has(name) ? undefined : server.issuer, rules.isTrusted);
  if (problem !== undefined) throw invalid(`names a URL ${problem}`);
  return url;
}

/** Where a client that shows a certificate sends its requests instead (RFC 8705 section 5). */
function aliasOf(server: ServerMetadata, name: EndpointName): unknown {
  return withoutAlias.has(name) ? undefined : ownField(ownField(server, "mtls_endpoint_aliases"), name);
}

/** Why no secret may be sent to a URL that is in an issuer's metadata. Completes "a URL ..."; undefined when secrets may be sent there. */
export function problemOf(url: URL, issuer: string | undefined, isTrusted: EndpointRules["isTrusted"] = keepsSecrets): string | undefined {
  const from = issuer === undefined ? null : parseUrl(issuer);
  // An issuer on the network must not have secrets sent to whatever listens on this machine.
  const isRemote = from !== null && !isLoopback(from.hostname);
  const isSecret = url.protocol === "https:" || (from?.protocol !== "https:" && !(isRemote && isLoopback(url.hostname)) && isTrusted(url));
  if (!isSecret) return "that is not https";
  return url.username !== "" || url.password !== "" ? "with credentials" : undefined;
}

/**
 * Reads the URL of a server that is sent credentials: absolute, https or http to this machine or an origin that the program allows, without a fragment
 * (RFC 6749 section 3.2) and without credentials of its own. Throws InvalidOptionError.
 */
export function requireServerUrl(where: string, value: unknown, isTrusted: EndpointRules["isTrusted"] = keepsSecrets): URL {
  requireText(where, value);
  requireWholeUrl(where);
  const url = parseUrl(value as string);
  requireThat(url !== null, where, 'a URL such as "https://auth.example.com/oauth/token"', value);
  if (url.username !== "" || url.password !== "") throw new InvalidOptionError(where, "a URL without credentials", "one with credentials");
  if ((value as string).includes("#")) throw new InvalidOptionError(where, "a URL without a fragment", "one with a fragment");
  if (isTrusted(url)) return url;
  const expected = "an https URL, or http to this machine (localhost, 127.0.0.1, [::1]) or to what allowInsecureOrigins names";
  throw new InvalidOptionError(where, expected, `one of "${url.protocol}//${url.host}"`);
}

/** Reads the URL of an issuer, which has no query (RFC 8414 section 2). Throws InvalidOptionError. */
export function requireIssuer(where: string, issuer: unknown, isTrusted?: EndpointRules["isTrusted"]): URL {
  const url = requireServerUrl(where, issuer, isTrusted);
  if (url.search !== "") throw new InvalidOptionError(where, "a URL without a query", "one with a query");
  return url;
}

/** Whether nobody between here and there can read what is sent. */
function keepsSecrets({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}
