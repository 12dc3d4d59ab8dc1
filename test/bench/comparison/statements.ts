/**
 * What docs/comparison.md says of a library by what its published package says or does: a line of a file, and what stands there. The versions are those of
 * `package.json` beside this folder, and a test looks at each line.
 */
export interface Source {
  readonly package: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Statement {
  readonly says: string;
  readonly sources: readonly Source[];
}

const of = (name: string, file: string, line: number, text: string): Source => ({ package: name, file, line, text });

/** What each library is the better choice for. */
export const better: readonly Statement[] = [
  {
    says: "**axios-auth-refresh**: axios in one process, with a refresh function of your own that does everything, and a fraction of the [size](benchmarks.md#sizes)",
    sources: [of("axios-auth-refresh", "README.md", 56, "where you need to write the logic for refreshing the authorization")],
  },
  {
    says: "**simple-oauth2**: token requests as functions, and one place in your program that calls them, one at a time",
    sources: [of("simple-oauth2", "README.md", 190, "we can finally refresh it with a")],
  },
  {
    says: "**@badgateway/oauth2-client**: fetch in one process, also on Node 18, with no dependency and a quarter of the [size](benchmarks.md#sizes)",
    sources: [of("@badgateway/oauth2-client", "package.json", 35, '"node": ">= 18"')],
  },
  {
    says: "**openid-client**: certified conformance, DPoP, CIBA, JARM, where you keep the tokens yourself. `@tokenflight/refresh-once` goes beneath it: [a guide](guides/refreshes-of-other-code.md)",
    sources: [
      of("openid-client", "README.md", 37, "certified"),
      of("openid-client", "build/index.js", 579, "export function getDPoPHandle"),
      of("openid-client", "build/index.js", 737, "export async function initiateBackchannelAuthentication"),
      of("openid-client", "build/index.js", 782, "export function useJwtResponseMode"),
    ],
  },
  {
    says: "**google-auth-library**: Google Cloud: default credentials, service accounts, workload identity federation, impersonation",
    sources: [
      of("google-auth-library", "README.md", 50, "Application Default Credentials"),
      of("google-auth-library", "README.md", 54, "Workload Identity Federation"),
      of("google-auth-library", "README.md", 56, "Impersonated Credentials Client"),
    ],
  },
  {
    says: "**MSAL** (@azure/msal-node): Microsoft Entra ID with managed identities or on-behalf-of",
    sources: [
      of("@azure/msal-node", "src/client/ManagedIdentityApplication.ts", 48, "export class ManagedIdentityApplication"),
      of("@azure/msal-node", "README.md", 45, "On-behalf-of flow"),
    ],
  },
  {
    says: "**better-auth**, **Auth.js**: the sign-in of a web application with its users, sessions and database. Tokenflight has none of these",
    sources: [
      of("better-auth", "dist/api/routes/account.mjs", 388, "updateAccount(account.id, updatedData)"),
      of("@auth/core", "README.md", 4, "Auth.js core library"),
    ],
  },
  {
    says: "**mcp-remote**: an MCP client that speaks stdio only. It is a command; [`@tokenflight/mcp`](guides/mcp.md) is for programs",
    sources: [
      of("mcp-remote", "README.md", 3, "only supports local (stdio) servers"),
      of("mcp-remote", "package.json", 22, '"mcp-remote": "dist/proxy.js"'),
    ],
  },
];

/** What a short run does not show. */
export const besides: readonly Statement[] = [
  {
    says: "**axios-auth-refresh** knows no token, expiry, origin or store: your function has them",
    sources: [of("axios-auth-refresh", "README.md", 36, "refreshAuthLogic: (failedRequest: any) => Promise<any>")],
  },
  {
    says: "**simple-oauth2** sends no API request: when to refresh, once for all callers, and where to store the answer is yours",
    sources: [of("simple-oauth2", "README.md", 165, "the access token is usually persisted in an external database")],
  },
  {
    says: "**@badgateway/oauth2-client** shares a refresh under way, puts the token on requests to any origin, uses new tokens before `storeToken` has stored them, and does not wait for it",
    sources: [
      of("@badgateway/oauth2-client", "dist/fetch-wrapper.js", 108, "if (this.activeRefresh)"),
      of("@badgateway/oauth2-client", "dist/fetch-wrapper.js", 63, "set('Authorization'"),
      of("@badgateway/oauth2-client", "dist/fetch-wrapper.js", 138, "this.token = token;"),
      of("@badgateway/oauth2-client", "dist/fetch-wrapper.js", 139, "storeToken) === null"),
    ],
  },
  {
    says: "**openid-client** makes the token request: when, once, and where to keep the answer is yours",
    sources: [of("openid-client", "build/index.js", 1053, "export async function refreshTokenGrant")],
  },
  {
    says: "**google-auth-library** shares a refresh under way, puts the token on requests to any URL, replays a refused request by default only where it has no expiry, and tells of new tokens by an event, for which it does not wait",
    sources: [
      of("google-auth-library", "build/src/auth/oauth2client.js", 225, "this.refreshTokenPromises.has(refreshToken)"),
      of("google-auth-library", "build/src/auth/oauth2client.js", 459, "this.addUserProjectAndAuthHeaders(opts.headers, r.headers)"),
      of("google-auth-library", "build/src/auth/oauth2client.js", 493, "!this.credentials.expiry_date || this.forceRefreshOnFailure"),
      of("google-auth-library", "build/src/auth/oauth2client.js", 276, "this.emit('tokens', tokens)"),
    ],
  },
  {
    says: "**MSAL** shares a silent request under way within a process, and reads and writes its cache through a plugin of yours before and after",
    sources: [
      of("@azure/msal-node", "src/client/SilentRequestCoalescer.ts", 53, "if (inProgressRequest)"),
      of("@azure/msal-node", "src/cache/TokenCache.ts", 141, "this.persistence.beforeCacheAccess"),
    ],
  },
  {
    says: "**better-auth** refreshes in `getAccessToken`, each caller for itself, and stores the answer in its database afterwards",
    sources: [
      of("better-auth", "dist/api/routes/account.mjs", 379, "await provider.refreshAccessToken(refreshToken, ctx)"),
      of("better-auth", "dist/api/routes/account.mjs", 388, "updateAccount(account.id, updatedData)"),
    ],
  },
  {
    says: "**Auth.js** stores a provider's tokens and does not refresh them",
    sources: [of("@auth/core", "adapters.js", 147, "the logic to rotate the token is not implemented")],
  },
  {
    says: "**mcp-remote** shares the refresh of an expired token in a process, and between processes by a lease in a file; where it cannot take the lease it refreshes all the same",
    sources: [
      of("mcp-remote", "dist/chunk-KJCT2FXL.js", 34941, "if (!this.refreshInFlight)"),
      of("mcp-remote", "dist/chunk-KJCT2FXL.js", 34966, "await this.takeRefreshLease()"),
      of("mcp-remote", "dist/chunk-KJCT2FXL.js", 34997, "refreshing without coordinating"),
    ],
  },
];
