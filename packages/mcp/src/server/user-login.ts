import { LoginRequiredError, type TokenResponse, type TokenSet } from "@tokenflight/core";
import { LoginError, type OAuthClient } from "@tokenflight/oauth";
import { bound, type Binding } from "../binding.ts";
import type { LoginClient } from "../client/clients.ts";
import { isUnknownClient } from "../client/registration.ts";
import { listOf, requireLoginPage, requirePkce } from "../discovery/authorization-server.ts";
import { shown } from "../discovery/safe-url.ts";
import { unionOf } from "../scopes.ts";
import type { FoundServer } from "../discovery/discovery.ts";
import { oauthClient } from "./oauth-client.ts";
import { asking, type Authorization, type ServerParts } from "./server-parts.ts";

/** What a login is for. */
export interface LoginWish {
  /** The scopes that are needed; empty for those that the server begins with. */
  readonly scopes: readonly string[];
  /** The login before this one; undefined where there is none. */
  readonly before: Binding | undefined;
  /** Is called when there is a page for the user's browser. */
  readonly shown: () => void;
}

/** Seconds that a server keeps a code for a user who is slow; the window itself is closed sooner. */
const longestLogin = 3600;

/**
 * Takes the user through one login: finds out about the server, registers the client if need be, and waits for the user. Resolves to the tokens, with whose they
 * are. Rejects with McpServerError, LoginError, TokenRequestError, InvalidTokenResponseError, StoreError, and what `authorize` rejects with.
 */
export async function logInUser(parts: ServerParts, wish: LoginWish, signal: AbortSignal): Promise<TokenResponse> {
  const { authorize, url, observe, pkce } = parts;
  if (authorize === undefined) throw new LoginRequiredError(`A login is required at the MCP server ${shown(url)}.`);
  const found = await parts.discovery.find(asking(parts, signal));
  const { metadata } = found;
  requireLoginPage(metadata);
  if (pkce === "announced") requirePkce(metadata);
  parts.servers.learn(found);
  const { before } = wish;
  const scopes = scopesFor(parts, found, wish);
  observe({ type: "login-begun", issuer: metadata.issuer, scope: scopes.join(" ") || undefined }, url);
  const redirectUri = await parts.clients.redirectUri(metadata, before);
  const login = new Login(parts, found, wish, scopes, signal);
  try {
    const tokenSet = await authorize({ server: url, redirectUri, begin: login.begin, finish: login.finish, signal });
    return login.bound(tokenSet);
  } catch (error) {
    await login.forgetClient(error, redirectUri !== undefined);
    throw error;
  }
}

/** The union of what was asked for before and of what is needed now (MCP, step-up authorization); at first, what the server says. */
function scopesFor(
  { scopes: further }: ServerParts,
  { metadata, scopes: first }: FoundServer,
  { scopes, before }: LoginWish,
): readonly string[] {
  const had = before?.issuer === metadata.issuer ? before.scopes : [];
  const asked = unionOf(had, scopes.length > 0 ? scopes : (first ?? []), further);
  // Without any scope the server decides, and this one alone would keep it from that.
  const isOffline = asked.length > 0 && listOf(metadata, "scopes_supported")?.includes("offline_access") === true;
  return isOffline ? unionOf(asked, ["offline_access"]) : asked;
}

/** One login under way. */
class Login {
  readonly #parts: ServerParts;
  readonly #found: FoundServer;
  readonly #wish: LoginWish;
  readonly #scopes: readonly string[];
  readonly #signal: AbortSignal;
  #begun: { readonly client: LoginClient; readonly oauth: OAuthClient } | undefined;

  constructor(parts: ServerParts, found: FoundServer, wish: LoginWish, scopes: readonly string[], signal: AbortSignal) {
    this.#parts = parts;
    this.#found = found;
    this.#wish = wish;
    this.#scopes = scopes;
    this.#signal = signal;
  }

  readonly begin: Authorization["begin"] = async (redirectUri, timeout = longestLogin) => {
    const { metadata, resource } = this.#found;
    const client = await this.#parts.clients.forLogin(metadata, redirectUri, this.#wish.before, asking(this.#parts, this.#signal));
    const oauth = oauthClient(this.#parts, metadata, client);
    this.#begun = { client, oauth };
    const scope = this.#scopes;
    // OpenID Connect Core section 11: without this, a server ignores the wish.
    const parameters = scope.includes("offline_access") ? { prompt: "consent" } : {};
    const page = await oauth.authorizationUrl({ redirectUri, timeout, resource, parameters, ...(scope.length === 0 ? {} : { scope }) });
    this.#wish.shown();
    return page;
  };

  readonly finish: Authorization["finish"] = (callback, pending) => {
    if (this.#begun === undefined) throw new LoginError("used", "This login was not begun.");
    return this.#begun.oauth.exchangeCallback(callback, pending, { signal: this.#signal });
  };

  bound(tokenSet: TokenSet): TokenResponse {
    const { metadata, at, resource } = this.#found;
    if (this.#begun === undefined) throw new LoginError("used", "This login was not begun.");
    return bound(tokenSet, { issuer: metadata.issuer, at, resource, clientId: this.#begun.client.clientId, scopes: this.#scopes });
  }

  /**
   * A server that does not know the client any more says so; or it shows that to the user, in a page that leads nowhere, so that nobody comes back: the next
   * login registers anew.
   */
  async forgetClient(why: unknown, wasKnown: boolean): Promise<void> {
    const nobodyCame = wasKnown && why instanceof LoginError && why.reason === "expired";
    if (this.#begun === undefined || !(isUnknownClient(why) || nobodyCame)) return;
    await this.#parts.clients.drop(this.#found.metadata.issuer, this.#begun.client).catch(() => {});
  }
}
