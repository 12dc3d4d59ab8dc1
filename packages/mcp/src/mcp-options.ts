import type { FreshnessOptions, KeepAlive, TokenSource, TokenStore } from "@tokenflight/core";
import {
  createTokenCache,
  guarded,
  isLoopback,
  parseUrl,
  readOptions,
  requireFunction,
  requireOneOf,
  requireText,
  requireThat,
  requireTimeout,
  requireWebCrypto,
} from "@tokenflight/core";
import type { FetchFunction } from "@tokenflight/oauth";
import {
  readClient,
  readRegistered,
  type ClientParts,
  type KnownClient,
  type McpClientOptions,
  type RegisteredClient,
} from "./client/client-options.ts";
import { readScopes } from "./scopes.ts";
import type { McpObserver } from "./events.ts";
import { readGrant, type Grant } from "./server/grant.ts";
import type { Authorize, ServerParts } from "./server/server-parts.ts";

/** The options of `createMcpLogin`. */
export interface McpLoginOptions {
  /** Where tokens and registrations are, for all processes of the user. */
  store: TokenStore;
  /** Who logs users in. */
  client: McpClientOptions;
  /** The user's name in the store, where it holds logins of several. Default "me". */
  key?: string | undefined;
  /** Takes a user through a login. `@tokenflight/mcp/node` has one, for the browser of this machine. Default: nobody is asked. */
  authorize?: Authorize | undefined;
  /** Whether a user may be asked to log in. Default true, where there is a way to. Without, a request that needs a login rejects with LoginRequiredError. */
  interactive?: boolean | undefined;
  /** Tokens without a person: of the program itself, "client-credentials", or by enterprise-managed authorization. Default: a user logs in. */
  grant?: Grant | undefined;
  /**
   * What a request gets that needs a login which nobody may be asked for: "reject", the default, rejects with LoginRequiredError; "response" gives the server's own
   * refusal, for hosts that log in by themselves.
   */
  unauthorized?: "reject" | "response" | undefined;
  /**
   * Whether an authorization server has to say that it knows PKCE: "announced", the default, as the protocol wants it; "assumed" sends it in any case, for
   * servers that know it and do not say so, such as Microsoft Entra ID.
   */
  pkce?: "announced" | "assumed" | undefined;
  /** Sends all requests, those to the MCP servers, too. Default: the global `fetch`. */
  fetch?: FetchFunction | undefined;
  /** Seconds that one request to an authorization server, or for a server's metadata, may take. Default 10. */
  timeout?: number | undefined;
  /** Seconds that a user may take for a login. Default 300. */
  loginTimeout?: number | undefined;
  /** When a token is refreshed ahead, and when it is no longer sent. Default: in proportion to its lifetime. */
  freshness?: FreshnessOptions | undefined;
  /** As of a token cache: is given each piece of work that goes on in the background. Default: nobody is told. */
  keepAlive?: KeepAlive | undefined;
  /** Is told what happens; what it throws is ignored. Default: nobody is told. */
  observe?: McpObserver | undefined;
}

/** The options of one MCP server. */
export interface McpServerOptions {
  /** A client that was registered by hand for this server: say `issuer` as well, where it has a secret. Default: that of `createMcpLogin`. */
  client?: RegisteredClient | undefined;
  /** The only issuer that may be used, where the server names several, or none. Default: the first that it names. */
  issuer?: string | undefined;
  /** Scopes to ask for besides those that the server names. Default: none. */
  scope?: string | readonly string[] | undefined;
}

/** The options with their defaults, checked. */
export interface LoginParts extends Pick<
  ServerParts,
  "store" | "key" | "fetch" | "timeout" | "loginTimeout" | "authorize" | "unauthorized" | "pkce" | "grant" | "observe"
> {
  readonly client: ClientParts;
  readonly cache: Pick<McpLoginOptions, "freshness" | "keepAlive">;
}

export const optionNames = [
  "store",
  "client",
  "key",
  "authorize",
  "interactive",
  "grant",
  "unauthorized",
  "pkce",
  "fetch",
  "timeout",
  "loginTimeout",
  "freshness",
  "keepAlive",
  "observe",
] as const;

/** The source of a cache that nobody asks. */
const nobody: TokenSource = () => Promise.reject(new Error("Nobody asks."));

/** Throws InvalidOptionError. */
export function readLoginOptions(where: string, options: McpLoginOptions): LoginParts {
  const read = readOptions<McpLoginOptions>(where, options, optionNames);
  const {
    store,
    key = "me",
    authorize,
    interactive = true,
    unauthorized = "reject",
    pkce = "announced",
    timeout = 10,
    loginTimeout = 300,
  } = read;
  const { fetch = (url, init) => globalThis.fetch(url, init), observe, freshness, keepAlive } = read;
  const isStore = typeof store?.read === "function" && typeof store.compareAndSet === "function";
  requireThat(isStore, `${where}.store`, "a token store", store);
  requireWebCrypto(where);
  requireText(`${where}.key`, key);
  if (authorize !== undefined) requireFunction(`${where}.authorize`, authorize);
  requireThat(typeof interactive === "boolean", `${where}.interactive`, "true or false", interactive);
  requireOneOf(`${where}.unauthorized`, unauthorized, ["reject", "response"]);
  requireOneOf(`${where}.pkce`, pkce, ["announced", "assumed"]);
  requireFunction(`${where}.fetch`, fetch);
  requireTimeout(`${where}.timeout`, timeout);
  requireTimeout(`${where}.loginTimeout`, loginTimeout, Number.POSITIVE_INFINITY);
  if (observe !== undefined) requireFunction(`${where}.observe`, observe);
  const cache = { ...(freshness !== undefined && { freshness }), ...(keepAlive !== undefined && { keepAlive }) };
  // Each server has a token cache of its own: what none of them would take is refused here.
  createTokenCache({ ...cache, source: nobody });
  const tell = observe === undefined ? () => {} : guarded<Parameters<McpObserver>>(([event, server]) => observe(event, server));
  return {
    store,
    key,
    client: readClient(`${where}.client`, read.client),
    authorize: interactive ? authorize : undefined,
    grant: readGrant(`${where}.grant`, read.grant),
    unauthorized,
    pkce,
    fetch,
    timeout: timeout * 1000,
    loginTimeout,
    cache,
    observe: (...told) => tell(told),
  };
}

/** What is said of one server. */
export interface ServerWish {
  readonly url: URL;
  readonly own: KnownClient | undefined;
  readonly issuer: string | undefined;
  readonly scopes: readonly string[];
}

/** Throws InvalidOptionError. */
export function readServerOptions(given: string | URL, options: McpServerOptions): ServerWish {
  const { client, issuer, scope } = readOptions<McpServerOptions>("for", options, ["client", "issuer", "scope"]);
  if (issuer !== undefined)
    requireThat(typeof issuer === "string" && isSecret(parseUrl(issuer)), "for.issuer", "the https URL of an issuer", issuer);
  const scopes = readScopes("for.scope", scope);
  return { url: requireServerUrl(given), own: client === undefined ? undefined : readRegistered("for.client", client), issuer, scopes };
}

/** A token is sent there. Throws InvalidOptionError. */
function requireServerUrl(given: string | URL): URL {
  const url = given instanceof URL ? new URL(given) : typeof given === "string" ? parseUrl(given) : null;
  requireThat(
    url !== null && isSecret(url),
    "for.url",
    "the URL of an MCP server: https, or http to this machine (localhost, 127.0.0.1, [::1])",
    String(given),
  );
  requireThat(url.username === "" && url.password === "", "for.url", "a URL without credentials", "one with credentials");
  url.hash = "";
  return url;
}

function isSecret(url: URL | null): boolean {
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
}
