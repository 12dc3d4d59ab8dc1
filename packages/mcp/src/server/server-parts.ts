import type { TokenSet, TokenStore } from "@tokenflight/core";
import type { AuthorizationUrl, CallbackUrl, FetchFunction, PendingLogin } from "@tokenflight/oauth";
import type { Clients } from "../client/clients.ts";
import type { AuthorizationServers } from "../discovery/authorization-servers.ts";
import type { Discovery } from "../discovery/discovery.ts";
import type { Asking } from "../discovery/resource-metadata.ts";
import type { McpObserver } from "../events.ts";
import type { Grant } from "./grant.ts";

/** One login, as whoever takes the user through it sees it. */
export interface Authorization {
  /** The MCP server that the user logs in for. */
  readonly server: URL;
  /**
   * The redirect URI that the client is registered with at this authorization server already; undefined where any will do. With another one it is registered
   * anew.
   */
  readonly redirectUri: string | undefined;
  /** Registers the client if need be, and gives the URL for the user's browser. `timeout`: seconds that the user may take. Default 600. */
  begin(redirectUri: string, timeout?: number): Promise<AuthorizationUrl>;
  /** Ends the login with the URL that the user came back with. */
  finish(callback: CallbackUrl, pending: PendingLogin): Promise<TokenSet>;
  /** Aborts when nobody needs this login any more. */
  readonly signal: AbortSignal;
}

/** Takes the user through a login: sends a browser to the URL that `begin` gives, and resolves to what `finish` gives for its callback. */
export type Authorize = (authorization: Authorization) => Promise<TokenSet>;

/** What the parts of one server have in common. */
export interface ServerParts {
  readonly url: URL;
  readonly store: TokenStore;
  /** The user's name in the store. */
  readonly key: string;
  readonly fetch: FetchFunction;
  /** Milliseconds for one request of this package's own. */
  readonly timeout: number;
  /** Seconds that a login may take. */
  readonly loginTimeout: number;
  /** Undefined where nobody is to be asked. */
  readonly authorize: Authorize | undefined;
  readonly unauthorized: "reject" | "response";
  readonly pkce: "announced" | "assumed";
  /** Scopes that are asked for besides those that the server names. */
  readonly scopes: readonly string[];
  readonly grant: Grant | undefined;
  readonly discovery: Discovery;
  readonly servers: AuthorizationServers;
  readonly clients: Clients;
  /** Never throws. */
  readonly observe: McpObserver;
}

/** How this server's and its authorization server's metadata are asked for. */
export function asking({ fetch, timeout }: ServerParts, signal: AbortSignal | undefined): Asking {
  return { fetch, timeout, signal };
}
