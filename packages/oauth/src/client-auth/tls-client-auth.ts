import { shared } from "@tokenflight/core";
import type { ClientAuth } from "../client-parts.ts";

const tlsClientAuths = shared("oauth.tls-client-auths.1", () => new WeakSet<ClientAuth>());

/**
 * `tls_client_auth` and `self_signed_tls_client_auth`: the certificate that the connection shows says who the client is, and the client id is a field of
 * the body (RFC 8705 section 2). The option `fetch` has to show the certificate. Requests go to the server's `mtls_endpoint_aliases` where it has some.
 *
 * @example
 * ```ts
 * createOAuthClient({ issuer, clientId: "my-service", clientAuth: tlsClientAuth(), fetch: fetchWithCertificate });
 * ```
 */
export function tlsClientAuth(): ClientAuth {
  const auth: ClientAuth = (_server, client, body) => {
    body.set("client_id", client.client_id);
  };
  tlsClientAuths.add(auth);
  return auth;
}

export function isTlsClientAuth(auth: ClientAuth | undefined): boolean {
  return auth !== undefined && tlsClientAuths.has(auth);
}
