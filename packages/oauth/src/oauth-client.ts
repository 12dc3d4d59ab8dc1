import {
  InvalidOptionError,
  kindOf,
  readOptions,
  requireFunction,
  requireSeconds,
  requireText,
  type TokenSet,
  type TokenSource,
} from "@tokenflight/core";
import type { ClientAuth } from "oauth4webapi";
import type { FetchFunction } from "./answer.ts";
import { exchangeCode, type CodeExchange } from "./authorization-code.ts";
import { fixedServer, type ServerLocator } from "./authorization-server.ts";
import { clientCredentials } from "./client-credentials.ts";
import { discoveredServer } from "./discovered-server.ts";
import type { GrantOptions } from "./grant-parameters.ts";
import { refreshToken } from "./refresh-token.ts";
import { requireServerUrl } from "./server-url.ts";
import type { TokenEndpointParts } from "./token-endpoint.ts";

/** One of `tokenEndpoint` and `issuer` is required. */
export interface OAuthClientOptions {
  /** URL of the token endpoint: https, or http to this machine. */
  tokenEndpoint?: string | undefined;
  /**
   * The issuer, whose metadata names the token endpoint (RFC 8414, or OpenID Connect Discovery). The metadata is fetched when the first
   * token is wanted, and kept.
   */
  issuer?: string | undefined;
  clientId: string;
  /** How the client shows who it is, such as `clientSecretBasic(secret)`. Any client authentication of oauth4webapi will do. */
  clientAuth: ClientAuth;
  /** Seconds that one token request may take, from the look for the endpoint to the last byte of the answer. Default 10. */
  timeout?: number | undefined;
  /** Carries the requests, through a proxy for example. Default: the global `fetch`. */
  fetch?: FetchFunction | undefined;
  /**
   * Token types to take besides Bearer, in any case, from servers that name theirs "JWT" or "N_A". The name goes on requests with the
   * token unless the adapter's `scheme` says otherwise. Default: none.
   */
  tokenTypes?: readonly string[] | undefined;
  /** The `error` codes by which the server says that a refresh token is dead, so that only a login helps. Default `["invalid_grant"]`. */
  loginRequiredErrors?: readonly string[] | undefined;
}

/** One client at one authorization server. Its secrets stay inside: no property of it or of its token sources shows them. */
export interface OAuthClient {
  /** Tokens for the client itself (RFC 6749 section 4.4). Throws InvalidOptionError. */
  clientCredentials(options?: GrantOptions): TokenSource;
  /**
   * New tokens for a user who has logged in (RFC 6749 section 6), with the refresh token of the token set to be replaced. Its calls reject
   * with LoginRequiredError when there is none, or when it is dead. Throws InvalidOptionError.
   */
  refreshToken(options?: GrantOptions): TokenSource;
  /** The token set of a login (RFC 6749 section 4.1.3), for `save` of a token cache. Rejects with a TokenflightError. */
  exchangeCode(exchange: CodeExchange): Promise<TokenSet>;
}

const optionNames = ["tokenEndpoint", "issuer", "clientId", "clientAuth", "timeout", "fetch", "tokenTypes", "loginRequiredErrors"] as const;

/** Throws InvalidOptionError. Sends nothing yet. */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  const read = readOptions<OAuthClientOptions>("createOAuthClient", options, optionNames);
  // Looked up for each request, so that whoever instruments or replaces the global later is heard.
  const { clientId, clientAuth, timeout = 10, fetch = (url, init) => globalThis.fetch(url, init) } = read;
  requireText("clientId", clientId);
  requireFunction("clientAuth", clientAuth);
  requireSeconds("timeout", timeout);
  if (timeout === 0) throw new InvalidOptionError("timeout", "a number of seconds above zero", kindOf(timeout));
  requireFunction("fetch", fetch);
  const tokenTypes = readTexts("tokenTypes", read.tokenTypes ?? []);
  const loginRequiredErrors = new Set(readTexts("loginRequiredErrors", read.loginRequiredErrors ?? ["invalid_grant"]));

  const endpoint: TokenEndpointParts = {
    server: readServer(read, fetch, timeout * 1000),
    clientId,
    clientAuth,
    fetch,
    timeout: timeout * 1000,
    tokenTypes: new Set(["bearer", ...tokenTypes.map((type) => type.toLowerCase())]),
  };
  return {
    clientCredentials: (grant) => clientCredentials(endpoint, grant),
    refreshToken: (grant) => refreshToken(endpoint, loginRequiredErrors, grant),
    exchangeCode: (exchange) => exchangeCode(endpoint, exchange),
  };
}

function readServer({ tokenEndpoint, issuer }: OAuthClientOptions, fetch: FetchFunction, timeout: number): ServerLocator {
  if ((tokenEndpoint === undefined) === (issuer === undefined)) {
    throw new InvalidOptionError("tokenEndpoint, issuer", "one of them", issuer === undefined ? "neither" : "both");
  }
  if (issuer === undefined) return fixedServer(requireServerUrl("tokenEndpoint", tokenEndpoint));
  const url = requireServerUrl("issuer", issuer);
  // RFC 8414 section 2.
  if (url.search !== "") throw new InvalidOptionError("issuer", "a URL without a query", "one with a query");
  return discoveredServer(url, fetch, timeout);
}

function readTexts(where: string, value: readonly string[]): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidOptionError(where, "an array of strings", kindOf(value));
  for (const one of value) requireText(where, one);
  return [...value];
}
