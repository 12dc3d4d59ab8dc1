import { TokenRequestError, type SourceContext, type TokenResponse, type TokenSource } from "@tokenflight/core";
import { withNote } from "@tokenflight/core/single-use";
import { bindingOf, bound, responseOf, type Binding } from "../binding.ts";
import type { KnownClient } from "../client/client-options.ts";
import { McpServerError } from "../errors.ts";
import { unionOf } from "../scopes.ts";
import type { FoundServer } from "../discovery/discovery.ts";
import { mayHaveMoved, oauthClient } from "./oauth-client.ts";
import { asking, type ServerParts } from "./server-parts.ts";
import type { EnterpriseGrant, Grant } from "./grant.ts";
import type { WantedScopes } from "./wanted-scopes.ts";

/** Tokens without a person: those of the program itself, or of a user whose company's identity provider says yes. */
export function grantSource(parts: ServerParts, grant: Grant, wanted: WantedScopes): TokenSource {
  const source: TokenSource = async function mcpGrantSource(context) {
    const before = bindingOf(context.previous);
    // A token may be due because the server belongs to another authorization server by now.
    if (before !== undefined) parts.discovery.forget();
    const at = await clientAt(parts, before, context.signal).catch(notSent);
    const { metadata, scopes: begun } = at.found;
    const isMoved = before !== undefined && before.issuer !== metadata.issuer;
    if (isMoved) parts.observe({ type: "issuer-changed", from: before.issuer, to: metadata.issuer }, parts.url);
    // A process that found tokens was told nothing yet, and the metadata may name scopes that this client must not ask for.
    const first = before === undefined || isMoved ? begun : before.scopes;
    const scopes = unionOf(first ?? [], parts.scopes, wanted.scopes);
    const isWider = wanted.scopes.some((scope) => first?.includes(scope) !== true);
    try {
      return await ask(at, scopes, context);
    } catch (error) {
      if (mayHaveMoved(error)) parts.discovery.forget();
      if (!(error instanceof TokenRequestError) || error.outcome !== "refused") throw error;
      // What one request must not have is no reason for all others to wait.
      if (isWider) throw withNote(error, { pause: 0 });
      if (before === undefined || error.error !== "invalid_scope") throw error;
      // The token before was asked for with a scope that the server may have no more.
      parts.discovery.forgetScopes();
      const now = await clientAt(parts, before, context.signal).catch(notSent);
      const others = unionOf(now.found.scopes ?? [], parts.scopes);
      if (others.length === scopes.length && others.every((scope) => scopes.includes(scope))) throw error;
      return ask(now, others, context);
    }
  };

  async function ask({ found, client }: KnownAt, scopes: readonly string[], context: SourceContext): Promise<TokenResponse> {
    const { metadata, resource, at } = found;
    const binding = { issuer: metadata.issuer, at, resource, clientId: client.clientId, scopes };
    const asked = { resource, ...(scopes.length === 0 ? {} : { scope: [...scopes] }) };
    const oauth = oauthClient(parts, metadata, client);
    if (grant === "client-credentials") return bound(await oauth.clientCredentials(asked)(context), binding);
    const assertion = await exchange(grant, found, asked, context);
    return bound(await oauth.jwtBearer({ ...asked, assertion: () => assertion })(context), binding);
  }

  source.identity = `mcp ${typeof grant === "string" ? grant : "enterprise"} ${parts.url.href}`;
  source.requiresLogin = false;
  source.spendsRefreshToken = false;
  return source;
}

/** A client at a server of which everything is known. */
interface KnownAt {
  readonly found: FoundServer;
  readonly client: KnownClient;
}

/** Where tokens are asked for, and as whom. Rejects with McpServerError and TokenRequestError. */
export async function clientAt(parts: ServerParts, before: Binding | undefined, signal: AbortSignal | undefined): Promise<KnownAt> {
  const found = await parts.discovery.known(asking(parts, signal));
  const { metadata } = found;
  const client = parts.clients.atHand(metadata, before);
  if (client !== undefined) return { found, client };
  throw new McpServerError("no-client", `The program is no client of ${metadata.issuer}: register it by hand, for the option \`client\`.`);
}

/** A token request that cannot be made is not repeated at once. */
function notSent(cause: unknown): never {
  if (!(cause instanceof McpServerError)) throw cause;
  throw new TokenRequestError("refused", `No token request was sent. ${cause.message}`, { cause });
}

/** Exchanges what says who the user is for what says so to this authorization server (ID-JAG). */
async function exchange(
  { identityProvider, assertion, assertionType = "id_token" }: EnterpriseGrant,
  { metadata, resource }: FoundServer,
  asked: { resource: string; scope?: string[] },
  context: SourceContext,
): Promise<string> {
  const source = identityProvider.tokenExchange({
    ...asked,
    resource,
    audience: metadata.issuer,
    subjectToken: assertion,
    subjectTokenType: `urn:ietf:params:oauth:token-type:${assertionType}`,
    requestedTokenType: "urn:ietf:params:oauth:token-type:id-jag",
  });
  return responseOf(await source({ ...context })).access_token;
}
