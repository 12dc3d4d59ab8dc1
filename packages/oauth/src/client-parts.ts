import type { AuthorizationServer, ClientAuth } from "oauth4webapi";

/** What one client is made of: its options, checked, with their defaults. */
export interface ClientParts {
  readonly server: ServerLocator;
  /** Whether the server's issuer was named, rather than stood in for by its token endpoint. */
  readonly knowsIssuer: boolean;
  /** Names the client in the identity of its token sources. */
  readonly clientId: string;
  readonly credentials: CurrentCredentials;
  readonly fetch: FetchFunction;
  /** Milliseconds for one request, from the look for the endpoint to the last byte of the answer. */
  readonly timeout: number;
  /** The token types that are accepted, in lower case. */
  readonly tokenTypes: ReadonlySet<string>;
  /** The `error` codes by which the server says that a refresh token is dead. */
  readonly loginRequiredErrors: ReadonlySet<string>;
  /** The HTTP statuses that end no session, whatever their `error` code. */
  readonly passingStatuses: ReadonlySet<number>;
  /** Whether a refresh token works for as long as the login lasts. */
  readonly hasReusableRefreshTokens: boolean;
  /** Milliseconds for which a refresh token works on after its use. */
  readonly refreshTokenGrace: number;
  /** Milliseconds before the end of an access token from which on it may be refreshed; infinite when it may be at any time. */
  readonly earliestRefresh: number;
  /** Never throws. */
  readonly observe: (event: OAuthEvent) => void;
}

/** Sends the requests; `globalThis.fetch` fits. `init.body` is a string. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** By what a client is known to the server, and how it proves that. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
}

/**
 * Gives the credentials of this moment, once for each request, so that they can change while running. Of several the first is used; the
 * next one is tried when the server does not know the client by it (`invalid_client`), as after a rotation that has not reached it yet, and
 * when the grant is another client's (`invalid_grant`), as that of a user who logged in before a rotation that changed the client's id.
 */
export type CurrentCredentials = () =>
  | ClientCredentials
  | readonly ClientCredentials[]
  | Promise<ClientCredentials | readonly ClientCredentials[]>;

/** What a client notices although nothing failed. No event has a secret in it. */
export type OAuthEvent =
  /** The server gave a scope that is narrower or wider than what was asked for (RFC 6749 section 3.3). `grant` is the `grant_type`. */
  { readonly type: "scope-differs"; readonly grant: string; readonly missing: readonly string[]; readonly added: readonly string[] };

/** Knows, or finds out, where an authorization server's endpoints are. */
export interface ServerLocator {
  /** Tells one server from another: part of every source's identity. */
  readonly identity: readonly [kind: "issuer" | "token_endpoint", url: string];
  /** Resolves to the same object for the same server. Rejects with TokenRequestError; no token request was sent. */
  locate(): Promise<LocatedServer>;
}

export interface LocatedServer {
  /** One object for one server, because oauth4webapi keeps a server's keys by it. */
  readonly metadata: ServerMetadata;
  /** The URL of an endpoint that may be sent secrets. Throws TokenRequestError when the metadata names none; nothing was sent. */
  endpoint(name: EndpointName): URL;
}

export type ServerMetadata = AuthorizationServer & { readonly token_endpoint: string };

/** The endpoints that are asked for, by their names in the server's metadata (RFC 8414 section 2). */
export type EndpointName =
  | "authorization_endpoint"
  | "device_authorization_endpoint"
  | "introspection_endpoint"
  | "jwks_uri"
  | "revocation_endpoint"
  | "token_endpoint";
