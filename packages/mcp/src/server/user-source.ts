import { LoginRequiredError, type TokenSet, type TokenSource } from "@tokenflight/core";
import { bindingOf, bound } from "../binding.ts";
import { shown } from "../discovery/safe-url.ts";
import { isUnknownClient } from "../client/registration.ts";
import { clientOfTokens, mayHaveMoved } from "./oauth-client.ts";
import type { ServerParts } from "./server-parts.ts";

/** The tokens of a user who has logged in at a server: refreshed where they came from, and nowhere else. */
export function userSource(parts: ServerParts): TokenSource {
  const source: TokenSource = async function mcpUserSource(context) {
    const binding = bindingOf(context.previous);
    if (binding === undefined) throw new LoginRequiredError(`Nobody has logged in at the MCP server ${shown(parts.url)} yet.`);
    const { client, oauth } = await clientOfTokens(parts, binding, context.signal);
    try {
      const { resource } = binding;
      return bound(await oauth.refreshToken({ resource })(context), binding);
    } catch (error) {
      if (mayHaveMoved(error)) parts.servers.forget(binding);
      if (!client.isRegistered || !isUnknownClient(error)) throw error;
      await parts.clients.drop(binding.issuer, client);
      throw new LoginRequiredError("A login is required: the authorization server has forgotten the client.", { cause: error });
    }
  };
  source.identity = `mcp ${parts.url.href}`;
  source.requiresLogin = true;
  source.spendsRefreshToken = true;
  source.revoke = (tokenSet) => revoke(parts, tokenSet);
  return source;
}

/** Gives tokens back to where they came from (RFC 7009). */
async function revoke(parts: ServerParts, tokenSet: TokenSet): Promise<void> {
  const binding = bindingOf(tokenSet);
  if (binding === undefined) return;
  const { oauth } = await clientOfTokens(parts, binding, AbortSignal.timeout(parts.timeout));
  try {
    await oauth.revoke(tokenSet);
  } catch (error) {
    if (mayHaveMoved(error)) parts.servers.forget(binding);
    throw error;
  }
}
