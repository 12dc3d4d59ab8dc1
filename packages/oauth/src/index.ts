export { createOAuthClient, type OAuthClient, type OAuthClientOptions } from "./oauth-client.ts";
export type { GrantOptions } from "./grant-parameters.ts";
export type { CodeExchange } from "./authorization-code.ts";
export type { FetchFunction } from "./answer.ts";

export { clientSecretBasic, type ClientSecretBasicOptions } from "./client-secret-basic.ts";
export { clientSecretPost } from "./client-secret-post.ts";
export { noClientAuth } from "./no-client-auth.ts";
export type { ClientAuth } from "oauth4webapi";
