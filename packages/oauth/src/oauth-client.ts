import type { TokenSet, TokenSource } from "@tokenflight/core";
import { exchangeCode, type CodeExchange } from "./authorization-code.ts";
import { authorizationUrl, type AuthorizationRequest, type AuthorizationUrl } from "./authorization-url.ts";
import type { CallbackUrl } from "./callback.ts";
import { clientCredentials } from "./client-credentials.ts";
import { readClientOptions, type OAuthClientOptions } from "./client-options.ts";
import { deviceLogin, type DeviceLoginOptions } from "./device-login.ts";
import { exchangeCallback } from "./exchange-callback.ts";
import { jwtBearer, tokenExchange, type JwtBearerOptions, type TokenExchangeOptions } from "./exchanged-tokens.ts";
import type { GrantOptions } from "./grant-parameters.ts";
import { introspect, type Introspection, type IntrospectionOptions } from "./introspection.ts";
import { UsedLogins, type PendingLogin } from "./pending-login.ts";
import { refreshToken } from "./refresh-token.ts";
import { revoke } from "./revocation.ts";

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
  /**
   * Begins a login: a URL for the user's browser, with PKCE, state and nonce, and what its callback is checked against. Rejects with
   * InvalidOptionError and TokenRequestError.
   */
  authorizationUrl(request: AuthorizationRequest): Promise<AuthorizationUrl>;
  /**
   * Ends the login with the URL that the user came back with: a token set, for `save` of a token cache. A pending login serves once. Rejects
   * with a TokenflightError; LoginError means that the callback or the id token is not this login's, or that the user said no.
   */
  exchangeCallback(url: CallbackUrl, pending: PendingLogin, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet>;
  /** Logs a user in on another device (RFC 8628). Rejects with a TokenflightError. */
  deviceLogin(options: DeviceLoginOptions): Promise<TokenSet>;
  /** Tokens for another's token (RFC 8693). Throws InvalidOptionError. */
  tokenExchange(options: TokenExchangeOptions): TokenSource;
  /** Tokens for a signed assertion (RFC 7523 section 2.1). Throws InvalidOptionError. */
  jwtBearer(options: JwtBearerOptions): TokenSource;
  /** Gives tokens back (RFC 7009), as at a logout. Rejects with TokenRequestError; they may have been taken back all the same. */
  revoke(tokens: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Asks what a token is worth (RFC 7662). Rejects with TokenRequestError. */
  introspect(token: string, options?: IntrospectionOptions): Promise<Introspection>;
}

/** Throws InvalidOptionError. Sends nothing yet. */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  const client = readClientOptions(options);
  const used = new UsedLogins();
  return {
    clientCredentials: (grant) => clientCredentials(client, grant),
    refreshToken: (grant) => refreshToken(client, grant),
    exchangeCode: (exchange) => exchangeCode(client, exchange),
    authorizationUrl: (request) => authorizationUrl(client, request),
    exchangeCallback: (url, pending, callback) => exchangeCallback(client, used, url, pending, callback),
    deviceLogin: (login) => deviceLogin(client, login),
    tokenExchange: (exchange) => tokenExchange(client, exchange),
    jwtBearer: (grant) => jwtBearer(client, grant),
    revoke: (tokens, request) => revoke(client, tokens, request),
    introspect: (token, request) => introspect(client, token, request),
  };
}
