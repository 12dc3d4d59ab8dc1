import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errors, Provider, type ClientMetadata, type Configuration } from "oidc-provider";
import { captureAnswer } from "./captured-answer.ts";
import { agree, showLoginPage, type User } from "./login-page.ts";
import { startLoopback, type Loopback } from "./loopback.ts";
import { ProviderMemory } from "./provider-memory.ts";
import { enterUserCode } from "./scripted-device.ts";
import { follow, logIn, type Login } from "./scripted-login.ts";
import type { TokenEndpointFaults } from "./token-endpoint-faults.ts";
import { TokenEndpoint, type TokenEndpointStats } from "./token-endpoint.ts";
import type { TokenRequest } from "./token-request.ts";
import { requireWholeSeconds } from "./whole-seconds.ts";

export interface AuthorizationServerClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default: a page of the server's own origin that does not exist. */
  readonly redirectUri?: string;
  /** What else to register, or instead: another way to authenticate, for example. */
  readonly metadata?: Partial<ClientMetadata>;
}

export interface AuthorizationServerOptions {
  /** Seconds that access tokens live; whole, from 1. Default 2. */
  accessTokenLifetime?: number;
  /** Whether each use of a refresh token gives a new one and uses the old one up. Default "always". */
  rotate?: "always" | "never";
  /**
   * Seconds for which a refresh token that was used up may be used again, and gives further tokens, as with Auth0's "overlap" and Okta's
   * "grace period". Default 0: any second use ends the login.
   */
  graceTime?: number;
  /** Default: one confidential client, whose secret is not the same once it is form-decoded. */
  clients?: readonly AuthorizationServerClient[];
  /** The APIs that access tokens are for (RFC 8707), each by its absolute URI: one access token is for one of them. Default: tokens are for all. */
  resources?: readonly string[];
  /** Whether authorization requests have to be pushed (RFC 9126), as the metadata says then. Default false: they may be. */
  requirePushedRequests?: boolean;
  /** Whether clients may register by themselves (RFC 7591). Default false. */
  registersClients?: boolean;
  /** Who has to log in on a page, as with a real browser. Default: a user who agrees to everything without a page, whom `login_hint` names. */
  user?: User;
  /** Origins whose pages may ask it (CORS). Default: none. */
  pages?: readonly string[];
}

/** A real authorization server (oidc-provider) with one user, who agrees to everything. */
export interface AuthorizationServer extends Loopback {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly authorizationEndpoint: string;
  readonly revocationEndpoint: string;
  readonly introspectionEndpoint: string;
  readonly jwksUri: string;
  readonly deviceAuthorizationEndpoint: string;
  /** The first of the clients. */
  readonly client: Required<Omit<AuthorizationServerClient, "metadata">>;
  readonly faults: TokenEndpointFaults;
  readonly stats: TokenEndpointStats;
  readonly requests: readonly TokenRequest[];
  /** How many requests came to these endpoints since the start. */
  readonly visits: Readonly<Visits>;
  /** Logs the user in over HTTP. Default scope "openid read write". Every login is a family of tokens of its own. */
  login(options?: {
    scope?: string;
    resources?: readonly string[];
    client?: { readonly clientId: string; readonly redirectUri: string };
  }): Promise<Login>;
  /** Does what the user's browser does with a URL of `authorizationUrl`: gives the URL that it is sent back to. A pushed request is the first client's. */
  visit(authorizationUrl: string): Promise<string>;
  /** Types the code of a device login in, on the page for it, and agrees. */
  enterUserCode(userCode: string): Promise<void>;
  /** The API that this access token is for, if it is good now and for one of them only. */
  audienceOf(accessToken: string): string | undefined;
  /** What this access token was granted, if it is good now. */
  scopeOf(accessToken: string): string | undefined;
  /** Whether a resource server should take this access token now. */
  isActive(accessToken: string): boolean;
  /** Whose access token this is, if it is good now. */
  accountOf(accessToken: string): string | undefined;
  /** Ends this access token and nothing else. Whether there was one. */
  revokeAccessToken(accessToken: string): boolean;
  /** Ends every token of the login that this access or refresh token comes from. Whether there was one. */
  revokeFamilyOf(token: string): boolean;
  /** Forgets what was counted and every fault; the tokens stay as they are. */
  reset(): void;
}

/** Requests to endpoints other than the token endpoint. */
export interface Visits {
  registrations: number;
  authorizations: number;
  metadata: number;
}

const day = 24 * 60 * 60;
const defaultClient = { clientId: "token-flight_test", clientSecret: "s-e_c.r~e+t/100%&more:or=less" };

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const { accessTokenLifetime = 2, rotate = "always", graceTime = 0, clients = [defaultClient], resources = [], user } = options;
  const { requirePushedRequests = false, registersClients = false, pages = [] } = options;
  requireWholeSeconds("accessTokenLifetime", accessTokenLifetime);
  const memory = new ProviderMemory({ graceTime: graceTime * 1000 });
  const endpoint = new TokenEndpoint();
  const visits: Visits = { registrations: 0, authorizations: 0, metadata: 0 };

  const loopback = await startLoopback((origin) => {
    const provider = new Provider(origin, {
      ...quiet,
      features: {
        ...quiet.features,
        resourceIndicators: resourceIndicators(resources, accessTokenLifetime),
        pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: requirePushedRequests },
        registration: { enabled: registersClients },
      },
      clientDefaults: { id_token_signed_response_alg: "ES256" },
      adapter: memory.adapters,
      clients: clients.map((client) => registration(client, origin)),
      clientBasedCORS: (_context, asking) => pages.includes(asking),
      jwks: { keys: [signingKey()] },
      rotateRefreshToken: rotate === "always",
      ttl: {
        AccessToken: accessTokenLifetime,
        ClientCredentials: accessTokenLifetime,
        AuthorizationCode: 60,
        DeviceCode: 600,
        IdToken: 3600,
        Interaction: 60,
        RefreshToken: day,
        Session: day,
        Grant: day,
      },
    });
    watch(provider, endpoint.stats);
    const callback = provider.callback();
    return (request, response) => {
      if (request.method === "POST" && request.url === "/reg") visits.registrations += 1;
      if (request.url?.startsWith("/auth?")) visits.authorizations += 1;
      if (request.url?.startsWith("/.well-known/")) visits.metadata += 1;
      if (request.url?.startsWith("/interaction/")) {
        return user === undefined ? agreeAtOnce(provider, request, response) : showLoginPage(provider, user, request, response);
      }
      if (request.method === "POST" && request.url === "/token") {
        return endpoint.handle(request, response, ({ body }) => captureAnswer(callback, request, body));
      }
      return callback(request, response);
    };
  });

  const { origin } = loopback;
  const { clientId, clientSecret, redirectUri = `${origin}/callback` }: AuthorizationServerClient = clients[0] ?? defaultClient;
  const client = { clientId, clientSecret, redirectUri };
  return {
    ...loopback,
    issuer: origin,
    tokenEndpoint: `${origin}/token`,
    authorizationEndpoint: `${origin}/auth`,
    revocationEndpoint: `${origin}/token/revocation`,
    introspectionEndpoint: `${origin}/token/introspection`,
    jwksUri: `${origin}/jwks`,
    deviceAuthorizationEndpoint: `${origin}/device/auth`,
    client,
    faults: endpoint.faults,
    stats: endpoint.stats,
    requests: endpoint.requests,
    visits,
    login: ({ scope = "openid read write", resources: wanted = [], client: { clientId: id, redirectUri: uri } = client } = {}) =>
      logIn({ authorizationEndpoint: `${origin}/auth`, clientId: id, redirectUri: uri, scope, resources: wanted }),
    visit: async (url) => (await follow(new URL(url), new URL(url).searchParams.get("redirect_uri") ?? client.redirectUri)).href,
    enterUserCode: (userCode) => enterUserCode(`${origin}/device`, userCode),
    audienceOf: (accessToken) => memory.find("AccessToken", accessToken)?.aud as string | undefined,
    scopeOf: (accessToken) => memory.find("AccessToken", accessToken)?.scope,
    accountOf: (accessToken) => memory.find("AccessToken", accessToken)?.accountId as string | undefined,
    isActive: (accessToken) => accessTokenModels.some((model) => memory.find(model, accessToken) !== undefined),
    revokeAccessToken: (accessToken) => accessTokenModels.some((model) => memory.remove(model, accessToken)),
    revokeFamilyOf(token) {
      const grantId = (memory.find("AccessToken", token) ?? memory.find("RefreshToken", token))?.grantId;
      if (grantId === undefined) return false;
      memory.removeGrant(grantId);
      endpoint.stats.familiesRevoked += 1;
      return true;
    },
    reset: () => endpoint.reset(),
  };
}

const accessTokenModels = ["AccessToken", "ClientCredentials"] as const;

/** What is the same in every server. Whatever oidc-provider would print a notice about is said here. */
const quiet = {
  scopes: ["openid", "offline_access", "read", "write"],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: (context, form) => void (context.body = form),
      userCodeConfirmSource: (context, form) => void (context.body = form),
      successSource: (context) => void (context.body = "The device is logged in."),
    },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: (_context, client, token) => client.clientId === token.clientId },
    // Another user who logs in ends the session of the one before.
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (context, form) => void (context.body = form),
      postLogoutSuccessSource: (context) => void (context.body = "The user is logged out."),
    },
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  // Every login gets a refresh token, with or without offline_access, and it outlives the browser's session.
  issueRefreshToken: (_context, client) => client.grantTypeAllowed("refresh_token"),
  expiresWithSession: () => false,
  renderError(context, out) {
    context.type = "text";
    context.body = `${out.error}: ${out.error_description ?? ""}`;
  },
} satisfies Configuration;

function resourceIndicators(
  resources: readonly string[],
  accessTokenTTL: number,
): NonNullable<Configuration["features"]>["resourceIndicators"] {
  if (resources.length === 0) return { enabled: false };
  return {
    enabled: true,
    getResourceServerInfo(_context, resource) {
      if (!resources.includes(resource)) throw new errors.InvalidTarget();
      return { scope: "read write", audience: resource, accessTokenTTL, accessTokenFormat: "opaque" };
    },
    // Whoever names none gets a token for none of them.
    useGrantedResource: () => false,
  };
}

function registration({ clientId, clientSecret, redirectUri, metadata }: AuthorizationServerClient, origin: string): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri ?? `${origin}/callback`],
    grant_types: ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_basic",
    id_token_signed_response_alg: "ES256",
    ...metadata,
  };
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256" };
}

/** The page on which the user would log in and consent, and the form that comes back from it, in one. */
async function agreeAtOnce(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const user = params["login_hint"];
  await agree(provider, typeof user === "string" ? user : "user", params, request, response);
}

function watch(provider: Provider, stats: TokenEndpointStats): void {
  const usedUp = new Set<string>();
  const revoked = new Set<string>();
  provider.on("refresh_token.consumed", ({ jti }) => usedUp.add(jti));
  provider.on("grant.error", ({ oidc }) => {
    if (usedUp.has(String(oidc.params?.refresh_token))) stats.refreshTokenReuses += 1;
  });
  provider.on("grant.revoked", (_context, grantId) => {
    if (!revoked.has(grantId)) stats.familiesRevoked += 1;
    revoked.add(grantId);
  });
}
