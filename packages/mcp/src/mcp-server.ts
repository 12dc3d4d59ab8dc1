import {
  createTokenCache,
  requireOneOf,
  requireSignal,
  readOptions,
  type ClosableTokenCache,
  type LoginStatus,
  type NamedTokenCache,
  type TokenEvent,
  type TokenSet,
} from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bindingOf } from "./binding.ts";
import { Clients } from "./client/clients.ts";
import type { Registrations } from "./client/registrations.ts";
import type { AuthorizationServers } from "./discovery/authorization-servers.ts";
import { readRefusal } from "./discovery/challenge.ts";
import { readScopes } from "./scopes.ts";
import { Discovery } from "./discovery/discovery.ts";
import type { LoginParts, ServerWish } from "./mcp-options.ts";
import { FailedLogins, standaloneProvider, type McpAuthProvider, type McpTransportOptions } from "./server/auth-provider.ts";
import { HandedOverSource } from "./server/handed-over.ts";
import { oauthProvider, type McpOAuthProvider } from "./server/oauth-provider.ts";
import { grantSource } from "./server/grant-source.ts";
import { answerRefusal, isLoginRequired } from "./server/answer-refusal.ts";
import { createServerFetch, type FetchParts, type McpFetch } from "./server/server-fetch.ts";
import { ServerLogin } from "./server/server-login.ts";
import type { ServerParts } from "./server/server-parts.ts";
import { userSource } from "./server/user-source.ts";
import { WantedScopes } from "./server/wanted-scopes.ts";

/** What is known of the login at one server, without asking anybody but the store. It holds no secret. */
export interface McpStatus extends LoginStatus {
  /** The URL of the MCP server. */
  readonly url: string;
  /** The issuer of the tokens; undefined while there are none that are good. */
  readonly issuer: string | undefined;
}

/** One MCP server, with the user's login at it. */
export interface McpServer {
  /** As it was given, without a fragment. */
  readonly url: URL;
  /** Its tokens, for every adapter; `forget({ revoke: true })` logs the user out. */
  readonly tokens: NamedTokenCache;
  /**
   * Sends requests to the server with a token, for whatever takes a fetch function. What the server wants of a request is obtained once for all processes, and the
   * request is sent again: another token, a login, a wider scope. Any other origin is asked without the token. Rejects as fetch does, and with
   * LoginRequiredError, LoginError, McpServerError and the other errors of tokens.
   */
  readonly fetch: McpFetch;
  /** Options for a transport of either SDK: `{ fetch }`. */
  transport(options?: {
    /** The major version of the MCP SDK. Default 1. */
    sdk?: 1 | undefined;
  }): McpTransportOptions;
  /** The same for SDK 2, whose client then rejects with the errors of logins as they are, also while it finds out about the server's version. */
  transport(options: {
    /** The major version of the MCP SDK. Default 1. */
    sdk: 2;
  }): McpTransportOptions & {
    /** Has the transport's client reject with the errors of logins as they are. */
    readonly authProvider: McpAuthProvider;
  };
  /** An `authProvider` for hosts of SDK 2 that take no fetch function. It knows nothing of scopes. */
  authProvider(): McpAuthProvider;
  /**
   * An `OAuthClientProvider` of either SDK, for hosts that take nothing else. Prefer `fetch`: an SDK answers each refused request with a refresh of its own.
   * With SDK 1 it knows nothing of scopes.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`) with `grant`.
   */
  provider(): McpOAuthProvider;
  /**
   * Logs the user in now, in place of whatever login there was, with these scopes besides those that are asked for anyway.
   *
   * @throws LoginRequiredError (`ERR_LOGIN_REQUIRED`) where nobody may be asked.
   * @throws LoginError (`ERR_LOGIN_FAILED`).
   * @throws McpServerError (`ERR_MCP_SERVER`).
   * @throws the other errors of a token cache's `get`.
   */
  logIn(options?: {
    /** Scopes besides those that are asked for anyway. Default: none. */
    scope?: string | readonly string[] | undefined;
    /** Ends the login. Default: none. */
    signal?: AbortSignal | undefined;
  }): Promise<TokenSet>;
  /**
   * Looks into the store.
   *
   * @throws StoreError (`ERR_STORE_*`).
   */
  status(): Promise<McpStatus>;
}

/** What the servers of one program have in common. */
export interface SharedParts {
  readonly servers: AuthorizationServers;
  readonly registrations: Registrations;
}

export function createMcpServer(
  login: LoginParts,
  { url, own, issuer, scopes }: ServerWish,
  shared: SharedParts,
): { server: McpServer; close(): Promise<void> } {
  const { client, cache, ...rest } = login;
  const { observe } = login;
  const parts: ServerParts = {
    ...rest,
    url,
    scopes,
    servers: shared.servers,
    discovery: new Discovery(url, issuer),
    clients: new Clients({
      program: client,
      own,
      registrations: shared.registrations,
      registered: (at) => observe({ type: "client-registered", issuer: at }, url),
    }),
  };
  const wanted = new WantedScopes(login.timeout);
  const source = login.grant === undefined ? userSource(parts) : grantSource(parts, login.grant, wanted);
  const cached = {
    ...cache,
    store: login.store,
    key: login.key,
    timeouts: { request: login.timeout / 1000 },
    observe: (event: TokenEvent) => observe(event, url),
  };
  const tokens: ClosableTokenCache = createTokenCache({ ...cached, source });
  const ends: (() => Promise<void>)[] = [() => tokens.close()];
  const logins = new ServerLogin(parts, tokens);
  const beneath = login.fetch as McpFetch;
  const withToken = bearer(tokens, { origins: url.origin, loggedOut: "send", observe: (event) => observe(event, url) })(beneath);
  const requests: FetchParts = { server: parts, tokens, login: logins, wanted, withToken, bare: beneath, failed: undefined };
  const failures = new FailedLogins();
  const fetch = createServerFetch(requests);
  const fetchOfSdk2 = createServerFetch({ ...requests, failed: failures.note });

  const current = async (): Promise<TokenSet | undefined> => {
    const fresh = tokens.peek();
    if (fresh !== undefined) return fresh;
    await tokens.reread();
    if (tokens.status().state !== "logged-in") return undefined;
    return tokens.get().catch((error: unknown) => {
      if (isLoginRequired(error)) return undefined;
      throw error;
    });
  };
  const server: McpServer = {
    url,
    tokens,
    fetch,
    transport(options: { sdk?: 1 | 2 | undefined } = {}) {
      const { sdk = 1 } = readOptions("transport", options, ["sdk"]);
      requireOneOf("transport.sdk", String(sdk), ["1", "2"]);
      return (sdk === 2 ? { fetch: fetchOfSdk2, authProvider: failures.authProvider } : { fetch }) as McpTransportOptions & {
        authProvider: McpAuthProvider;
      };
    },
    authProvider: () =>
      standaloneProvider(current, async (response, used) => {
        const challenge = readRefusal(response);
        if (challenge === undefined) return;
        if (used !== undefined && !challenge.needsScope) {
          const renewed = await tokens.renew(used).catch((error: unknown) => {
            if (isLoginRequired(error)) return undefined;
            throw error;
          });
          if (renewed !== undefined) return;
        }
        await answerRefusal(requests, challenge, used, undefined);
      }),
    provider() {
      const handing = new HandedOverSource(source.identity as string);
      const handed = createTokenCache({ ...cached, source: handing.source });
      ends.push(() => handed.close());
      return oauthProvider({ server: parts, tokens, handed, handing, login: logins, clientName: client.name, current });
    },
    async logIn(options = {}) {
      const { scope, signal } = readOptions("logIn", options, ["scope", "signal"]);
      requireSignal("logIn.signal", signal);
      return logins.obtain({ scopes: readScopes("logIn.scope", scope), isOver: undefined, isWanted: true }, signal);
    },
    async status() {
      logins.saw(await tokens.reread());
      return { ...tokens.status(), url: url.href, issuer: bindingOf(tokens.peek())?.issuer };
    },
  };
  return { server, close: async () => void (await Promise.all(ends.map((end) => end()))) };
}
