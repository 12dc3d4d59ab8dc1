export { createOAuthClient, type OAuthClient } from "./client/oauth-client.ts";
export type { OAuthClientOptions } from "./client/client-options.ts";
export type { ClientCredentials, CurrentCredentials, FetchFunction, OAuthEvent } from "./client-parts.ts";
export type { GrantOptions } from "./grants/grant-parameters.ts";
export type { CodeExchange } from "./grants/authorization-code.ts";
export type { JwtBearerOptions, TextSupplier, TokenExchangeOptions } from "./grants/exchanged-tokens.ts";
export type { AuthorizationRequest, AuthorizationUrl } from "./login/authorization-url.ts";
export type { CallbackUrl } from "./login/callback.ts";
export type { PendingLogin } from "./login/pending-login.ts";
export { pendingLogins, type PendingLogins } from "./login/pending-login-store.ts";
export type { DeviceLoginOptions, DeviceProgress, DevicePrompt } from "./login/device-login.ts";
export type { Introspection, IntrospectionOptions } from "./client/introspection.ts";
export { LoginError, type LoginErrorDetails, type LoginFailure } from "./errors.ts";

export { clientSecretBasic, clientSecretPost, noClientAuth, type ClientSecretBasicOptions } from "./client-auth/client-secret.ts";
export { privateKeyJwt, type PrivateKeyJwtOptions } from "./client-auth/private-key-jwt.ts";
export type { SigningAlgorithm, SigningKey } from "./client-auth/signing-key.ts";
export type { ClientAuth } from "oauth4webapi";
