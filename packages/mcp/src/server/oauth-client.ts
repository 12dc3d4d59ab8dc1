import { LoginRequiredError, TokenRequestError } from "@tokenflight/core";
import { createOAuthClient, type AuthorizationServer, type OAuthClient } from "@tokenflight/oauth";
import type { Binding } from "../binding.ts";
import type { KnownClient } from "../client/client-options.ts";
import type { LoginClient } from "../client/clients.ts";
import { asking, type ServerParts } from "./server-parts.ts";

/** A client at an authorization server of which everything is known. */
export function oauthClient(parts: ServerParts, metadata: AuthorizationServer, { clientId, clientAuth }: KnownClient): OAuthClient {
  const { fetch, timeout, observe, url } = parts;
  return createOAuthClient({
    issuer: metadata.issuer,
    metadata,
    clientId,
    clientAuth,
    fetch,
    timeout: timeout / 1000,
    observe: (event) => observe(event, url),
  });
}

/** Whether a request that has failed may have gone to where an endpoint was before. A server that wants a pause is at its place. */
export function mayHaveMoved(error: unknown): boolean {
  return error instanceof TokenRequestError && error.outcome !== "throttled";
}

/** The client that tokens were given to, and that client at the server that gave them. Rejects with LoginRequiredError, TokenRequestError and StoreError. */
export async function clientOfTokens(
  parts: ServerParts,
  binding: Binding,
  signal: AbortSignal,
): Promise<{ readonly client: LoginClient; readonly oauth: OAuthClient }> {
  const client = await parts.clients.ofTokens(binding);
  if (client === undefined) {
    throw new LoginRequiredError("A login is required: the tokens were given to a client that nobody knows any more.");
  }
  const metadata = await parts.servers.of(binding, asking(parts, signal));
  return { client, oauth: oauthClient(parts, metadata, client) };
}
