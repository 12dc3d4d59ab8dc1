import { InvalidOptionError, isLoopback, requireText, requireThat, TokenRequestError } from "@tokenflight/core";
import type { AuthorizationServer } from "oauth4webapi";
import type { EndpointName, LocatedServer, ServerLocator, ServerMetadata } from "../client-parts.ts";

/**
 * A server of which only the token endpoint is known, and perhaps some more of its metadata. The endpoint stands in for the issuer, because
 * it is the audience that such a server expects in a client assertion (RFC 7523 section 3).
 */
export function fixedServer(tokenEndpoint: URL, known: Partial<AuthorizationServer>): ServerLocator {
  const { href } = tokenEndpoint;
  const server = locatedServer({ issuer: href, token_endpoint: href, ...known });
  return {
    identity: ["token_endpoint", href],
    async locate() {
      return server;
    },
  };
}

export function locatedServer(metadata: ServerMetadata): LocatedServer {
  return { metadata, endpoint: (name) => endpointOf(metadata, name) };
}

/**
 * The URL of an endpoint that secrets may be sent to. Whoever wrote the metadata chose it, so it is accepted only when it is https (http for
 * an issuer on this machine) and has no credentials in it. Throws TokenRequestError; nothing was sent.
 */
export function endpointOf(server: ServerMetadata, name: EndpointName): URL {
  const value: unknown = server[name];
  const invalid = (problem: string): TokenRequestError =>
    new TokenRequestError("not-sent", `The server ${server.issuer} ${problem} as its ${name}.`);
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null) throw invalid(value === undefined ? "names nothing" : "names something that is no URL");
  const problem = problemOf(url, server.issuer);
  if (problem !== undefined) throw invalid(`names a URL ${problem}`);
  return url;
}

/** Why no secret may be sent to a URL that is in an issuer's metadata. Completes "a URL ..."; undefined when secrets may be sent there. */
export function problemOf(url: URL, issuer: string): string | undefined {
  // An issuer on the network must not have secrets sent to whatever listens on this machine.
  if (!keepsSecrets(url) || (URL.parse(issuer)?.protocol === "https:" && url.protocol !== "https:")) return "that is not https";
  return url.username !== "" || url.password !== "" ? "with credentials" : undefined;
}

/**
 * Reads the URL of a server that is sent credentials: absolute, https or http to this machine, without a fragment (RFC 6749 section 3.2)
 * and without credentials of its own. Throws InvalidOptionError.
 */
export function requireServerUrl(where: string, value: unknown): URL {
  requireText(where, value);
  const url = URL.parse(value as string);
  requireThat(url !== null, where, 'a URL such as "https://auth.example.com/oauth/token"', value);
  if (url.username !== "" || url.password !== "") throw new InvalidOptionError(where, "a URL without credentials", "one with credentials");
  if ((value as string).includes("#")) throw new InvalidOptionError(where, "a URL without a fragment", "one with a fragment");
  if (keepsSecrets(url)) return url;
  const expected = "an https URL, or http to this machine (localhost, 127.0.0.1, [::1])";
  throw new InvalidOptionError(where, expected, `one of "${url.protocol}//${url.host}"`);
}

/** Whether nobody between here and there can read what is sent. */
function keepsSecrets({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}
