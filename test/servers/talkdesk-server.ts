import type { JsonWebKey } from "node:crypto";
import { jsonAnswer, sendAnswer, type Answer } from "./answer.ts";
import { IdTokenIssuer } from "./id-token.ts";
import { startLoopback, type Loopback } from "./loopback.ts";
import { OAuthRefusal } from "./oauth-refusal.ts";
import { readBody } from "./read-body.ts";
import { authorize } from "./talkdesk-authorize.ts";
import { TalkdeskInstallations, type InstallationEvent } from "./talkdesk-installations.ts";
import { TalkdeskSessions, type TalkdeskClient } from "./talkdesk-sessions.ts";
import { grantTokens } from "./talkdesk-token.ts";
import { beforeUse, type TokenEndpointFaults } from "./token-endpoint-faults.ts";
import { TokenEndpoint, type TokenEndpointStats } from "./token-endpoint.ts";
import type { TokenRequest } from "./token-request.ts";
import { requireWholeSeconds } from "./whole-seconds.ts";

export interface TalkdeskServerOptions {
  /** Seconds that access tokens live; whole, from 1. Default 600, as the real service's. */
  accessTokenLifetime?: number;
  /** One for each customer account that installed the app. What is left out of one is taken from the default client. */
  clients?: readonly Partial<TalkdeskClient>[];
}

export interface AuthorizeOptions {
  scope?: string;
  state?: string;
  nonce?: string;
  /** Default: the first client. */
  client?: TalkdeskClient;
}

/**
 * The Talkdesk token service as its public pages describe it. Where they are silent the strict reading stands: refresh tokens work
 * once, without grace, and a second use ends the login with all of its tokens.
 */
export interface TalkdeskServer extends Loopback {
  readonly tokenEndpoint: string;
  readonly authorizationEndpoint: string;
  /** The first of the clients. */
  readonly client: TalkdeskClient;
  readonly clients: readonly TalkdeskClient[];
  /** The keys of the id tokens. The real service publishes none that is known of. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  readonly faults: TokenEndpointFaults;
  readonly stats: TokenEndpointStats;
  readonly requests: readonly TokenRequest[];
  /** Logs a user in over HTTP. Rejects when the server refuses or loses the state. */
  authorize(options?: AuthorizeOptions): Promise<{ code: string; redirectUri: string }>;
  /** Whether a resource server should take this access token now. */
  isActive(accessToken: string): boolean;
  /** Ends this access token and nothing else. Whether there was one. */
  revokeAccessToken(accessToken: string): boolean;
  /** Ends every token of the login that this access or refresh token comes from. Whether there was one. */
  revokeFamilyOf(token: string): boolean;
  /** Forgets what was counted and every fault; the tokens stay as they are. */
  reset(): void;
  /** A scope is added to a client. It takes its time: until the returned function is called, the token endpoint answers 401. */
  addScope(client: TalkdeskClient, scope: string): () => void;
  /** An account installs the app: gives the `app.installed` event. */
  install(accountName: string): InstallationEvent;
  /** New credentials for an installation: gives the `app.credentials_rotated` event. Compromised ones end at once. */
  rotate(installationId: string, rotation?: { compromised?: boolean }): InstallationEvent;
}

export async function startTalkdeskServer(options: TalkdeskServerOptions = {}): Promise<TalkdeskServer> {
  const { accessTokenLifetime = 600, clients: given = [{}] } = options;
  requireWholeSeconds("accessTokenLifetime", accessTokenLifetime);
  const endpoint = new TokenEndpoint();
  const sessions = new TalkdeskSessions(accessTokenLifetime, endpoint.stats);
  const clients: TalkdeskClient[] = [];
  const jwks: JsonWebKey[] = [];

  const assertions = new Set<string>();
  const installations = new TalkdeskInstallations(clients, sessions);

  const loopback = await startLoopback((origin) => {
    const idTokens = new IdTokenIssuer(origin);
    jwks.push(...idTokens.jwks.keys);
    for (const client of given) clients.push({ ...defaultClient(origin), ...client });
    return async (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", origin);
      if (request.method === "POST" && pathname === "/oauth/token") {
        const service = { tokenEndpoint: `${origin}/oauth/token`, assertions, clients, sessions, idTokens, accessTokenLifetime };
        return endpoint.handle(request, response, async (arrived) => answered(() => grantTokens(service, arrived)));
      }
      if (request.method === "GET" && pathname === "/oauth/authorize") {
        return sendAnswer(
          response,
          answered(() => authorize(searchParams, clients, sessions)),
        );
      }
      if (request.method === "POST" && pathname.startsWith("/apps/")) {
        const { bytes } = await readBody(request, 1024);
        return sendAnswer(response, installations.acknowledge(pathname, request.headers.authorization, bytes.toString()));
      }
      return sendAnswer(response, jsonAnswer(404, { code: "not_found", message: "There is nothing at this path." }));
    };
  });

  const { origin } = loopback;
  const [first = defaultClient(origin)] = clients;
  const authorizationEndpoint = `${origin}/oauth/authorize`;
  return {
    ...loopback,
    tokenEndpoint: `${origin}/oauth/token`,
    authorizationEndpoint,
    client: first,
    clients,
    jwks: { keys: jwks },
    faults: endpoint.faults,
    stats: endpoint.stats,
    requests: endpoint.requests,
    authorize: ({ client = first, ...parameters } = {}) => requestCode(authorizationEndpoint, client, parameters),
    isActive: (accessToken) => sessions.isActive(accessToken),
    revokeAccessToken: (accessToken) => sessions.revokeAccessToken(accessToken),
    revokeFamilyOf(token) {
      const session = sessions.find(token);
      if (session === undefined) return false;
      sessions.end(session);
      return true;
    },
    reset: () => endpoint.reset(),
    addScope(client, scope) {
      endpoint.faults.always(beforeUse(new OAuthRefusal(401, "invalid_client", "The client's scopes are being changed.").toAnswer()));
      return () => {
        endpoint.faults.clear();
        Object.assign(client, { scopes: [...client.scopes, scope] });
      };
    },
    install: (accountName) => installations.install(origin, accountName),
    rotate: (installationId, rotation) => installations.rotate(origin, installationId, rotation),
  };
}

/** Id and secret hold characters that are not the same once they are form-encoded, or form-decoded. */
function defaultClient(origin: string): TalkdeskClient {
  return {
    clientId: "3fb0-4ad2_talk.desk~app",
    clientSecret: "s-e_c.r~e%74+/=:!*'()",
    redirectUri: `${origin}/callback`,
    scopes: ["openid", "account:read", "contacts:read", "contacts:write"],
  };
}

function answered(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof OAuthRefusal) return error.toAnswer();
    throw error;
  }
}

async function requestCode(
  endpoint: string,
  { clientId, redirectUri }: TalkdeskClient,
  parameters: Omit<AuthorizeOptions, "client">,
): Promise<{ code: string; redirectUri: string }> {
  const query = new URLSearchParams({ response_type: "code", client_id: clientId, redirect_uri: redirectUri, ...parameters });
  const response = await fetch(`${endpoint}?${query}`, { redirect: "manual" });
  const text = await response.text();
  const location = URL.parse(response.headers.get("location") ?? "");
  const code = location?.searchParams.get("code");
  if (!code) throw new Error(`The authorize request was refused with status ${response.status}: ${text}`);
  if (location?.searchParams.get("state") !== (parameters.state || null)) throw new Error("The login came back with another state.");
  return { code, redirectUri };
}
