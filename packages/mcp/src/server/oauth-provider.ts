import { InvalidOptionError, LoginRequiredError, TokenRequestError, type TokenResponse, type TokenSet } from "@tokenflight/core";
import type { AuthorizationServer } from "@tokenflight/oauth";
import { bindingOf, covers, type Binding } from "../binding.ts";
import { shown } from "../discovery/safe-url.ts";
import { scopesIn } from "../scopes.ts";
import { isLoginRequired } from "./answer-refusal.ts";
import { handOver, type HandedRefresh, type HandoverParts } from "./handed-refresh.ts";
import { mayHaveMoved } from "./oauth-client.ts";
import { needOf, type ServerLogin } from "./server-login.ts";
import { asking, type ServerParts } from "./server-parts.ts";

/** An `OAuthClientProvider` of both SDKs, in types of our own. */
export interface McpOAuthProvider {
  readonly redirectUrl: undefined;
  readonly clientMetadata: { redirect_uris: string[]; client_name: string; grant_types: string[]; token_endpoint_auth_method: string };
  clientInformation(): Promise<{ client_id: string; issuer: string } | undefined>;
  tokens(): Promise<{ access_token: string; token_type: string; scope?: string; issuer: string } | undefined>;
  saveTokens(tokens: { access_token: string }): Promise<void>;
  discoveryState(): Promise<{
    authorizationServerUrl: string;
    authorizationServerMetadata: never;
    resourceMetadata: { resource: string; authorization_servers: string[] };
  }>;
  prepareTokenRequest(scope?: string): Promise<URLSearchParams>;
  addClientAuthentication(headers: Headers, params: URLSearchParams): Promise<void>;
  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void>;
  redirectToAuthorization(): never;
  saveCodeVerifier(): void;
  codeVerifier(): never;
}

export interface ProviderParts extends HandoverParts {
  readonly server: ServerParts;
  readonly login: ServerLogin;
  readonly clientName: string;
  /** The tokens that are there, refreshed if they are due; undefined where only a login helps. */
  readonly current: () => Promise<TokenSet | undefined>;
}

/**
 * An OAuth provider for hosts that take nothing else. Tokens are refreshed here when they are due, and users log in here. What it cannot keep an SDK from is to
 * answer each refused request with a token request of its own, which then is the refresh of all processes: its refresh token leaves once.
 */
export function oauthProvider(parts: ProviderParts): McpOAuthProvider {
  const { server, login, current } = parts;
  if (server.grant !== undefined)
    throw new InvalidOptionError("provider", "a login of a user's: with `grant`, use fetch", "one without a person");
  let handed: HandedRefresh | undefined;
  /** Where the SDK was sent to: it asks for a refresh token later than that. */
  const issuers = new Set<string>();
  /** The last token request of the SDK's, until it has been answered. */
  let last: Promise<unknown> = Promise.resolve();

  const ready = async (scopes: readonly string[]): Promise<Binding> => {
    const found = await current();
    const tokenSet = found !== undefined && covers(found, scopes) ? found : await login.obtain(needOf(scopes), undefined);
    const binding = bindingOf(tokenSet);
    if (binding === undefined) throw new LoginRequiredError(`A login is required at the MCP server ${shown(server.url)}.`);
    return binding;
  };
  const metadataOf = (binding: Binding): Promise<AuthorizationServer> =>
    server.servers.of(binding, asking(server, AbortSignal.timeout(server.timeout)));
  const nobody = (what: string): never => {
    throw new LoginRequiredError(`The SDK ${what}, which this provider does by itself: a login is required.`);
  };

  return {
    // Without one, an SDK never sends a user to a browser by itself.
    redirectUrl: undefined,
    clientMetadata: {
      redirect_uris: [],
      client_name: parts.clientName,
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
    async clientInformation() {
      const binding = bindingOf(await current());
      return binding === undefined ? undefined : { client_id: binding.clientId, issuer: binding.issuer };
    },
    async tokens() {
      const tokenSet = await current();
      const binding = bindingOf(tokenSet);
      if (tokenSet === undefined || binding === undefined) return undefined;
      const { accessToken, tokenType, scope } = tokenSet;
      return { access_token: accessToken, token_type: tokenType, issuer: binding.issuer, ...(scope === undefined ? {} : { scope }) };
    },
    async discoveryState() {
      const binding = await ready([]);
      const { issuer, resource } = binding;
      issuers.add(issuer);
      const metadata = { ...(await metadataOf(binding)) };
      // Each SDK has a type of its own for it.
      return {
        authorizationServerUrl: issuer,
        authorizationServerMetadata: metadata as never,
        resourceMetadata: { resource, authorization_servers: [issuer] },
      };
    },
    async prepareTokenRequest(scope) {
      await ready(scopesIn(scope));
      // One after the other: each answer is the refresh token of the next one.
      const before = last;
      const turn = Promise.withResolvers<void>();
      last = turn.promise;
      await before;
      try {
        handed = await handOver(parts, issuers, handed);
      } catch (error) {
        turn.resolve();
        throw error;
      }
      const { binding } = handed.request;
      handed.renewed.then(
        () => turn.resolve(),
        (error: unknown) => {
          if (mayHaveMoved(error)) server.servers.forget(binding);
          turn.resolve();
        },
      );
      return new URLSearchParams({ grant_type: "refresh_token", refresh_token: handed.request.refreshToken });
    },
    async addClientAuthentication(headers, params) {
      if (handed === undefined) return;
      const { binding } = handed.request;
      const client = await server.clients.ofTokens(binding);
      if (client === undefined)
        throw new LoginRequiredError("A login is required: the tokens were given to a client that nobody knows any more.");
      await client.clientAuth(await metadataOf(binding), { client_id: client.clientId }, params, headers);
    },
    async saveTokens(tokens) {
      const answered = handed;
      if (answered === undefined) return;
      handed = undefined;
      answered.request.answer(withoutIssuer(tokens));
      // The SDK goes on when they are stored.
      await answered.renewed;
    },
    async invalidateCredentials(scope) {
      const refused = handed;
      if (refused === undefined || scope === "verifier" || scope === "discovery") return;
      handed = undefined;
      if (scope === "tokens")
        refused.request.fail(new LoginRequiredError("A login is required: the authorization server says that the refresh token is dead."));
      else {
        const client = await server.clients.ofTokens(refused.request.binding);
        if (client !== undefined) await server.clients.drop(refused.request.binding.issuer, client);
        const refusal = new TokenRequestError("refused", "The authorization server does not know the client.", { error: "invalid_client" });
        refused.request.fail(client?.isRegistered === false ? refusal : new LoginRequiredError(refusal.message, { cause: refusal }));
      }
      // The token that was refused is over here as well, however long it would last.
      await refused.renewed
        .catch((error: unknown) => (isLoginRequired(error) ? parts.tokens.renew(refused.replaced) : undefined))
        .catch(() => {});
    },
    redirectToAuthorization: () => nobody("wants to open a browser"),
    saveCodeVerifier() {},
    codeVerifier: () => nobody("wants to end a login"),
  };
}

/** What an SDK adds for itself. */
function withoutIssuer(tokens: { access_token: string }): TokenResponse {
  const { issuer: _, ...response } = tokens as TokenResponse & { issuer?: unknown };
  return response;
}
