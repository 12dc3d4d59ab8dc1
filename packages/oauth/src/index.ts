export { createOAuthClient, type OAuthClient } from "./client/oauth-client.ts";
export type { OAuthClientOptions } from "./client/client-options.ts";
export { discoverMetadata, type DiscoverMetadataOptions, type FoundMetadata } from "./server/discover-metadata.ts";
export { createLogin, type Login, type LoginOptions } from "./client/create-login.ts";
export type { AuthorizationServer, ClientAuth, ClientCredentials, CurrentCredentials, FetchFunction } from "./client-parts.ts";
export type { IdTokenFault, OAuthEvent, RefusingAnswer } from "./client-parts.ts";
export type { GrantOptions } from "./grants/grant-parameters.ts";
export type { CodeExchange } from "./grants/authorization-code.ts";
export type { JwtBearerOptions, TextSupplier, TokenExchangeOptions } from "./grants/exchanged-tokens.ts";
export type { AuthorizationRequest, AuthorizationUrl } from "./login/authorization-url.ts";
export type { CallbackUrl } from "./login/callback.ts";
export type { CallbackOptions } from "./login/exchange-callback.ts";
export type { PendingLogin } from "./login/pending-login.ts";
export { pendingLogins, type PendingLogins } from "./login/pending-login-store.ts";
export { sharedLogin, type LogIn, type SharedLoginOptions } from "./login/shared-login.ts";
export { sharedTurn, type TurnOptions, type TurnWork } from "./login/shared-turn.ts";
export type { DeviceLoginOptions, DeviceProgress, DevicePrompt } from "./login/device-login.ts";
export { idTokenClaims, type IdTokenClaims } from "./id-token/id-token-claims.ts";
export type { Introspection, IntrospectionOptions } from "./client/introspection.ts";
export { LoginError, type LoginErrorDetails, type LoginFailure } from "./errors.ts";

export { clientSecretBasic, clientSecretPost, noClientAuth, type ClientSecretBasicOptions } from "./client-auth/client-secret.ts";
export { tlsClientAuth } from "./client-auth/tls-client-auth.ts";
export { privateKeyJwt, type PrivateKeyJwtOptions } from "./client-auth/private-key-jwt.ts";
export type { PrivateJwk, SigningAlgorithm, SigningKey } from "./client-auth/signing-key.ts";

// For packages that rest on this one.
export { askStore, unreadable, type SeenEntry } from "./login/ask-store.ts";
export { requestJson, type JsonAnswer, type JsonRequest } from "./server/json-request.ts";
