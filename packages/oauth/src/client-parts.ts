/** What one client is made of: its options, checked, with their defaults. */
export interface ClientParts {
  readonly server: ServerLocator;
  readonly endpoints: EndpointRules;
  /** The server's issuer, where the program names it; undefined where the token endpoint stands in for it. */
  readonly knownIssuer: string | undefined;
  /** Names the client in the identity of its token sources. */
  readonly clientId: string;
  readonly credentials: CurrentCredentials;
  readonly fetch: FetchFunction;
  /** Milliseconds for one request, from the look for the endpoint to the last byte of the answer. */
  readonly timeout: number;
  /** The token types that are accepted, in lower case. */
  readonly tokenTypes: ReadonlySet<string>;
  /** The token types that mean Bearer, in lower case. */
  readonly bearerTypes: ReadonlySet<string>;
  /** The names of the fields, from the outside in, at which the tokens are; undefined when they are at the top. */
  readonly tokensAt: readonly string[] | undefined;
  readonly requestFormat: "form" | "json";
  /** Fields of every token request; none of them is secret. */
  readonly tokenParameters: readonly (readonly [name: string, value: string])[];
  /** The words by which this server says that a refresh token is dead, in one spelling. Others count everywhere. */
  readonly loginRequiredErrors: ReadonlySet<string>;
  /** Says whether an answer ends the session, or leaves it to the words. May throw. */
  readonly loginRequired: ((answer: RefusingAnswer) => boolean | undefined) | undefined;
  /** The HTTP statuses that end no session, whatever their `error` code. */
  readonly passingStatuses: ReadonlySet<number>;
  /** Whether a refresh token works for as long as the login lasts. */
  readonly hasReusableRefreshTokens: boolean;
  /** Milliseconds for which a refresh token works on after its use. */
  readonly refreshTokenGrace: number;
  /** Milliseconds before the end of an access token from which on it may be refreshed; infinite when it may be at any time. */
  readonly earliestRefresh: number;
  /** Seconds by which this machine's clock and the server's may differ when an id token is checked. */
  readonly clockTolerance: number;
  /** Whether authorization requests are pushed (RFC 9126) even where the server does not require it. */
  readonly pushesAuthorizationRequests: boolean;
  /** Never throws. */
  readonly observe: (event: OAuthEvent) => void;
}

/** Characters of a code or a sentence that are compared. */
const mostCompared = 200;

/** One spelling for a code or a short sentence, whatever its case and separators: "BAD_REFRESH_TOKEN", "badRefreshToken", "Bad refresh token." */
export function inOneSpelling(text: string): string {
  const words = text.slice(0, mostCompared).replaceAll(/([a-z\d])([A-Z])/g, "$1_$2");
  return words
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(Boolean)
    .join("_");
}

/** Sends the requests; `globalThis.fetch` fits. `init.body` is a string. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

type Json = string | number | boolean | null | Json[] | { [Name in string]?: Json };

/** What an authorization server says of itself (RFC 8414), with whatever else it says. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly token_endpoint?: string;
  readonly jwks_uri?: string;
  readonly id_token_signing_alg_values_supported?: string[];
  readonly [field: string]: Json | undefined;
}

/** Puts what proves who the client is into the form or the header fields of a request. One of oauth4webapi will do. */
export type ClientAuth = (
  server: AuthorizationServer,
  client: { readonly client_id: string },
  form: URLSearchParams,
  headers: Headers,
) => void | Promise<void>;

/** By what a client is known to the server, and how it proves that. */
export interface ClientCredentials {
  /** By which the server knows the client. */
  readonly clientId: string;
  /** How the client proves who it is. */
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

/** An answer to a refresh that gave no tokens. It may hold secrets. */
export interface RefusingAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The fields of JSON or of a form; any other body is text. At most 256 KB, and what came of it when that is not all. */
  readonly body: Readonly<Record<string, unknown>> | string;
  /** `get` gives a header field's value, at most 4 KB of it. */
  readonly headers: {
    /** A header field's value, at most 4 KB of it; undefined when there is none. */
    get(name: string): string | undefined;
  };
}

/** What a client notices although nothing failed. No event has a secret in it. */
export type OAuthEvent =
  /** The server gave a scope that is narrower or wider than what was asked for (RFC 6749 section 3.3). `grant` is the `grant_type`. */
  | {
      readonly type: "scope-differs";
      /** The `grant_type` of the token request. */
      readonly grant: string;
      /** The scopes that were asked for and not given. */
      readonly missing: readonly string[];
      /** The scopes that were given and not asked for. */
      readonly added: readonly string[];
    }
  /** Secrets are sent to this origin over plain http, because `allowInsecureOrigins` names it. Told once for each client and origin. */
  | {
      readonly type: "insecure-origin";
      /** Scheme, host and port. */
      readonly origin: string;
    }
  /** A function of the program's own threw, or gave what is no answer; the client went on without it. */
  | {
      readonly type: "option-failed";
      /** The name of the option. */
      readonly option: "loginRequired";
    }
  /**
   * The id token of a refresh was not taken, because it did not pass the check (OpenID Connect Core section 12.2): the one before stays, and the tokens
   * are used. For "time", `clockDifference` is the seconds by which this machine's clock seems to be ahead of the server's.
   */
  | {
      readonly type: "id-token-ignored";
      /** The `grant_type` of the token request. */
      readonly grant: string;
      /** What is wrong with the id token. */
      readonly reason: IdTokenFault;
      /** Seconds by which this machine's clock seems to be ahead of the server's. */
      readonly clockDifference?: number;
    };

/** What is wrong with an id token. */
export type IdTokenFault =
  /** It is for another client (`aud`, `azp`). */
  | "audience"
  /** It tells of another authentication than the login that it belongs to (`auth_time`, `azp`, `nonce`). */
  | "changed"
  /** It is one of another issuer than this client's (`iss`). */
  | "issuer"
  /** What it takes to check it could not be had: the server's keys, the client's credentials. */
  | "keys"
  /** Its signature is not the server's, or made with an algorithm that is not accepted. */
  | "signature"
  /** It has expired (`exp`) or is not valid yet (`nbf`), by more than the client's `clockTolerance`. */
  | "time"
  /** It is no signed JWT, or a claim is missing or of the wrong kind. */
  | "unreadable";

/** Which URLs of a server are used. */
export interface EndpointRules {
  /** Whether secrets may be sent there: https, http to this machine, and http where the program allows it. */
  readonly isTrusted: (url: URL) => boolean;
  /** The endpoints that the program itself has named: whatever the metadata says does not count for them. */
  readonly own: ReadonlySet<EndpointName>;
  /** Whether the server's `mtls_endpoint_aliases` are used (RFC 8705 section 5). */
  readonly usesMtlsAliases: boolean;
}

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

/** The metadata of a server that has a token endpoint. */
export type ServerMetadata = AuthorizationServer & { readonly token_endpoint: string };

/** The endpoints that are asked for, by their names in the server's metadata (RFC 8414 section 2). */
export type EndpointName =
  | "authorization_endpoint"
  | "device_authorization_endpoint"
  | "introspection_endpoint"
  | "jwks_uri"
  | "pushed_authorization_request_endpoint"
  | "revocation_endpoint"
  | "token_endpoint";
