import type { TokenSet, TokenSource } from "@tokenflight/core";
import type { CodeExchange } from "../grants/authorization-code.ts";
import { clientCredentials } from "../grants/client-credentials.ts";
import { jwtBearer, tokenExchange, type JwtBearerOptions, type TokenExchangeOptions } from "../grants/exchanged-tokens.ts";
import type { GrantOptions } from "../grants/grant-parameters.ts";
import { refreshToken } from "../grants/refresh-token.ts";
import type { AuthorizationRequest, AuthorizationUrl } from "../login/authorization-url.ts";
import type { CallbackUrl } from "../login/callback.ts";
import type { CallbackOptions } from "../login/exchange-callback.ts";
import type { DeviceLoginOptions } from "../login/device-login.ts";
import type { PendingLogin } from "../login/pending-login.ts";
import { loaded } from "../endpoint/waiting.ts";
import type { OAuthClientOptions } from "./client-options.ts";
import type { Introspection, IntrospectionOptions } from "./introspection.ts";
import { readClientOptions } from "./read-client-options.ts";

/**
 * One client at one authorization server. Its secrets stay inside: no property of it or of its token sources shows them. A token cache over
 * one of its token sources can `forget({ revoke: true })`.
 */
export interface OAuthClient {
  /**
   * Gives tokens for the client itself (RFC 6749 section 4.4).
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  clientCredentials(options?: GrantOptions): TokenSource;
  /**
   * Gives new tokens for a user who has logged in (RFC 6749 section 6), with the refresh token of the token set to be replaced. Its calls reject with
   * LoginRequiredError when there is none, or when it is dead.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  refreshToken(options?: GrantOptions): TokenSource;
  /**
   * Gives the token set of a login whose code was obtained otherwise (RFC 6749 section 4.1.3), for `save` of a token cache. The caller checks whether
   * callback and id token are this login's.
   *
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`).
   */
  exchangeCode(exchange: CodeExchange): Promise<TokenSet>;
  /**
   * Begins a login: gives a URL for the user's browser, with PKCE, a state and, with the scope `openid`, a nonce, and what its callback is checked against.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   */
  authorizationUrl(request: AuthorizationRequest): Promise<AuthorizationUrl>;
  /**
   * Ends the login with the URL that the user came back with: gives a token set, for `save` of a token cache. A pending login serves once.
   *
   * @throws LoginError (`ERR_LOGIN_FAILED`) when the callback or the id token is not this login's, or the user said no; `reason` says which.
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`).
   */
  exchangeCallback(url: CallbackUrl, pending: PendingLogin, options?: CallbackOptions): Promise<TokenSet>;
  /**
   * Logs a user in on another device (RFC 8628).
   *
   * @throws LoginError (`ERR_LOGIN_FAILED`) when the user said no, or took too long.
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`).
   */
  deviceLogin(options: DeviceLoginOptions): Promise<TokenSet>;
  /**
   * Gives tokens for another party's token (RFC 8693).
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  tokenExchange(options: TokenExchangeOptions): TokenSource;
  /**
   * Gives tokens for a signed assertion (RFC 7523 section 2.1).
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  jwtBearer(options: JwtBearerOptions): TokenSource;
  /**
   * Revokes a token set (RFC 7009) that no token cache has; `forget({ revoke: true })` does it for that of a cache.
   *
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`); the server may have revoked it all the same.
   */
  revoke(
    tokenSet: TokenSet,
    options?: {
      /** Ends the request. Default: none. */
      signal?: AbortSignal | undefined;
    },
  ): Promise<void>;
  /**
   * Asks the server whether a token is active, and what else it says of it (RFC 7662).
   *
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   */
  introspect(token: string, options?: IntrospectionOptions): Promise<Introspection>;
}

/**
 * Makes a client, and sends nothing yet.
 *
 * What belongs to a login or a logout is loaded when it is first called, so that a bundler keeps it out of the program that only needs
 * tokens. What sends a token request is loaded from now on, beside the program that goes on.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const client = createOAuthClient({
 *   issuer: "https://login.example.com",
 *   clientId: "my-service",
 *   clientAuth: clientSecretBasic(process.env.CLIENT_SECRET ?? ""),
 * });
 * const tokens = createTokenCache({ source: client.clientCredentials({ scope: "orders:read" }) });
 * ```
 */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  const client = readClientOptions(options);
  // Whoever needs it waits for it, and is told when it could not be loaded.
  import("../grants/refresh-tokens.ts").catch(() => {});
  const revoke: OAuthClient["revoke"] = async (...revocation) => (await loaded(import("./revocation.ts"))).revoke(client, ...revocation);
  const revocable = (source: TokenSource): TokenSource => Object.assign(source, { revoke: (tokenSet: TokenSet) => revoke(tokenSet) });
  return {
    clientCredentials: (grant) => revocable(clientCredentials(client, grant)),
    refreshToken: (grant) => revocable(refreshToken(client, grant)),
    tokenExchange: (exchange) => revocable(tokenExchange(client, exchange)),
    jwtBearer: (grant) => revocable(jwtBearer(client, grant)),
    exchangeCode: async (exchange) => (await loaded(import("../grants/authorization-code.ts"))).exchangeCode(client, exchange),
    authorizationUrl: async (request) => (await loaded(import("../login/authorization-url.ts"))).authorizationUrl(client, request),
    exchangeCallback: async (...callback) => (await loaded(import("../login/exchange-callback.ts"))).exchangeCallback(client, ...callback),
    deviceLogin: async (login) => (await loaded(import("../login/device-login.ts"))).deviceLogin(client, login),
    revoke,
    introspect: async (...question) => (await loaded(import("./introspection.ts"))).introspect(client, ...question),
  };
}
