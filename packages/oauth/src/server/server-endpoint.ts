import { TokenRequestError } from "@tokenflight/core";
import type { LocatedServer } from "./authorization-server.ts";
import { keepsSecrets } from "./server-url.ts";

/** The endpoints that are asked for, by their names in the server's metadata (RFC 8414 section 2). */
export type EndpointName =
  | "authorization_endpoint"
  | "device_authorization_endpoint"
  | "introspection_endpoint"
  | "jwks_uri"
  | "revocation_endpoint"
  | "token_endpoint";

/**
 * The URL of an endpoint that secrets may be sent to. Whoever wrote the metadata chose it, so it is taken only when it is https (http for
 * an issuer on this machine) and holds no credentials. Throws TokenRequestError; nothing was sent.
 */
export function endpointOf(server: LocatedServer, name: EndpointName): URL {
  const value: unknown = server[name];
  const invalid = (problem: string): TokenRequestError =>
    new TokenRequestError("not-sent", `The server ${server.issuer} ${problem} as its ${name}.`);
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null) throw invalid(value === undefined ? "names nothing" : "names something that is no URL");
  // An issuer on the network must not have secrets sent to whatever listens on this machine.
  if (!keepsSecrets(url) || (server.issuer.startsWith("https:") && url.protocol !== "https:"))
    throw invalid("names a URL that is not https");
  if (url.username !== "" || url.password !== "") throw invalid("names a URL with credentials");
  return url;
}
