import {
  createTokenCache,
  systemClock,
  type Clock,
  type TokenCache,
  type TokenEvent,
  type TokenSource,
  type TokenStore,
} from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { obtained } from "./obtained.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";

/** A connection to the shared store, as a process has one. */
export interface StoreConnection extends AsyncDisposable {
  readonly store: TokenStore;
}

/** One process's tokens. */
export interface Holder {
  readonly tokens: TokenCache;
  readonly events: TokenEvent[];
}

/**
 * A login at a real authorization server with strict rotation, whose tokens are shared through a store. Every holder has a
 * connection of its own, as if it were in another process.
 */
export interface SharedLogin extends AsyncDisposable {
  readonly server: AuthorizationServer;
  /** The one who logged in, and another one who has the same token set by now. */
  readonly one: Holder;
  readonly two: Holder;
  /** Account access by client credentials over the same store: its source uses nothing up. */
  readonly service: Holder;
  /** Somebody who holds nothing yet, and comes to the same login. */
  newcomer(): Promise<Holder>;
  /** For the holders that many seconds pass at once. */
  skip(seconds: number): void;
  /** Uses of a refresh token that reached the server. */
  refreshes(): number;
  /** Requests for an account's token that reached the server. */
  serviceRequests(): number;
  /** What every row of the page counts. */
  counts(): { "token requests": number; generations: number; "families revoked": number; logins: number };
}

const key = "alice";
/** Seconds. */
export const lifetime = 600;
/** The soft expiry is behind, the token is still sent. */
export const untilSoftExpiry = 500;

export interface SharedLoginOptions {
  /** Opens a connection to the store; called for each holder. */
  readonly open: () => Promise<StoreConnection>;
  /** Seconds. Default: 0.5 for a store operation, so that tests are short; 15 for a token request, so that none is overdue on a busy machine. */
  readonly timeouts?: { readonly request?: number; readonly store?: number };
}

export async function startSharedLogin({ open, timeouts }: SharedLoginOptions): Promise<SharedLogin> {
  const server = await startAuthorizationServer({ accessTokenLifetime: lifetime });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  let skipped = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + skipped };
  const connections: StoreConnection[] = [];

  async function holder(source: TokenSource): Promise<Holder> {
    const connection = await open();
    connections.push(connection);
    const events: TokenEvent[] = [];
    const tokens = createTokenCache({
      source,
      store: connection.store,
      key,
      clock,
      timeouts: { request: 15, store: 0.5, ...timeouts },
      observe: (event) => events.push(event),
    });
    return { tokens, events };
  }

  const newcomer = (): Promise<Holder> => holder(client.refreshToken());
  const [one, two, service] = [await newcomer(), await newcomer(), await holder(client.clientCredentials())];
  const { store } = connections[0] as StoreConnection;
  const loggingIn = createTokenCache({ source: client.refreshToken(), store, key, clock, timeouts: { store: 10 } });
  await loggingIn.save(await client.exchangeCode(await server.login()));
  for (const each of [one, two, service]) await obtained(each);

  const requests = (grantType: string): number => server.stats.tokenRequests[grantType] ?? 0;
  const refreshes = (): number => requests("refresh_token");
  return {
    server,
    one,
    two,
    service,
    newcomer,
    skip: (seconds) => void (skipped += seconds * 1000),
    refreshes,
    serviceRequests: () => requests("client_credentials"),
    counts: () => ({
      "token requests": refreshes(),
      // A refresh token that arrives twice is one generation that was asked for twice.
      generations: new Set(server.requests.map(({ form }) => form.get("refresh_token")).filter((token) => token !== null)).size,
      "families revoked": server.stats.familiesRevoked,
      logins: requests("authorization_code"),
    }),
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
