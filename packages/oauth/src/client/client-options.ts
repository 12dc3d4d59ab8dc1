import type { AuthorizationServer, ClientAuth, CurrentCredentials, FetchFunction, OAuthEvent, RefusingAnswer } from "../client-parts.ts";

/** One of `tokenEndpoint` and `issuer` is required, and one of `clientAuth` and `credentials`. */
export interface OAuthClientOptions {
  /** URL of the token endpoint: https, or http to this machine or to what `allowInsecureOrigins` names. Default: that of the `issuer`. */
  tokenEndpoint?: string | undefined;
  /**
   * The issuer, whose metadata names the endpoints (RFC 8414, or OpenID Connect Discovery). The metadata is fetched when the first
   * token is wanted, and kept. Default: none, and the options name every endpoint that is used.
   */
  issuer?: string | undefined;
  /** With `issuer`: its metadata, where the program has it already (`discoverMetadata`). Default: it is fetched. */
  metadata?: AuthorizationServer | undefined;
  /** With `tokenEndpoint`: the issuer that callbacks (RFC 9207) and id tokens must name. Default: not checked. */
  expectedIssuer?: string | undefined;
  /** Names the client; also in a store's key, so that it stays the same when `credentials` change. */
  clientId: string;
  /** How the client authenticates, such as `clientSecretBasic(secret)`. Any client authentication of oauth4webapi will do. Default: that of `credentials`. */
  clientAuth?: ClientAuth | undefined;
  /** Gives client id and authentication of the moment, for credentials that change while running. Default: `clientId` and `clientAuth`. */
  credentials?: CurrentCredentials | undefined;
  /** Seconds that one request may take, from the look for the endpoint to the last byte of the answer. Default 10. */
  timeout?: number | undefined;
  /**
   * Plain http origins to which secrets and tokens may be sent although everybody on the way can read them, for a network of one's own:
   * ["http://keycloak:8080"] in a compose file or behind a mesh that encrypts. Each is named exactly, and permits what the options name and what the
   * metadata of an http issuer names; that of an https issuer never leads to http. Default: none.
   */
  allowInsecureOrigins?: readonly string[] | undefined;
  /**
   * Whether requests go to the server's `mtls_endpoint_aliases`, where it asks for a certificate (RFC 8705 section 5); `fetch` has to show one. Default:
   * with `tlsClientAuth()` as `clientAuth`.
   */
  mtlsEndpointAliases?: boolean | undefined;
  /** Sends the requests, through a proxy for example. Default: the global `fetch`. */
  fetch?: FetchFunction | undefined;
  /**
   * Token types to accept besides Bearer, in any case, from servers that name theirs "JWT" or "N_A". The name goes on requests with the
   * token unless the adapter's `scheme` says otherwise. Default: none.
   */
  tokenTypes?: readonly string[] | undefined;
  /** Token types that mean Bearer whatever they are called, such as Slack's "bot": such a token is a Bearer token from then on. Default: none. */
  bearerTypes?: readonly string[] | undefined;
  /**
   * Where in the answer of the token endpoint the tokens are, when they are in an envelope: the name of a field such as "data", or the names of
   * fields from the outside in. An answer without tokens there is read as if it had no envelope. Default: at the top.
   */
  tokensAt?: string | readonly string[] | undefined;
  /** How the fields of a request are written: as a form (RFC 6749 appendix B), "form", the default, or as a JSON object, for servers that read no form. */
  requestFormat?: "form" | "json" | undefined;
  /**
   * Further fields of every token request, for servers that want some. A grant's own `parameters` replace those of the same name. They must not be secret,
   * nor fields that a grant or the client authentication sets. Default: none.
   */
  tokenParameters?: Readonly<Record<string, string>> | undefined;
  /**
   * Codes and sentences by which this server says that a refresh token is dead, so that only a login helps; case and separators do not matter. They are
   * read where they stand: `error`, `error_code`, `errors[].code`, `status`, `message` and the like. What can mean nothing else, such as `invalid_grant` or
   * "Refresh token expired", counts anyway. Default: none.
   */
  loginRequiredErrors?: readonly string[] | undefined;
  /**
   * Says of an answer to a refresh that gave no tokens whether only a login helps, before any word counts: true ends the session, false does not, undefined
   * leaves it to the words. It sees every status. What it throws counts as undefined, and is told to `observe` without the error.
   * Default: the words decide.
   */
  loginRequired?: ((answer: RefusingAnswer) => boolean | undefined) | undefined;
  /**
   * HTTP statuses of the token endpoint that pass by themselves, so that none of them ends a session, whatever its `error` code: the next
   * token request follows after a pause that grows. Default: none.
   */
  passingStatuses?: readonly number[] | undefined;
  /**
   * Whether a refresh token works once ("single-use", the default) or for as long as the login lasts ("reusable"): it may be sent again then
   * when nobody knows what became of a request.
   */
  refreshTokens?: "single-use" | "reusable" | undefined;
  /**
   * Seconds for which a single-use refresh token still works after its first use, and gives its successors again. A token request whose
   * outcome nobody knows is then repeated once, at once, and so is one whose process has died. Default 0.
   */
  refreshTokenGrace?: number | undefined;
  /**
   * How many seconds before the end of an access token the server refreshes it at the earliest. Before that, a refresh fails as refused and
   * nothing is sent. Default: at any time.
   */
  earliestRefresh?: number | undefined;
  /**
   * Seconds by which this machine's clock and the server's may differ when an id token is checked: it may be that long over, or not valid yet. Up to
   * 3600. Default 60.
   */
  clockTolerance?: number | undefined;
  /**
   * Whether authorization requests are pushed to the server (RFC 9126), so that the browser carries only a reference to them. Default: where the
   * metadata says `require_pushed_authorization_requests`, which false does not undo.
   */
  pushAuthorizationRequests?: boolean | undefined;
  /** Where users log in. Default: what the metadata says. */
  authorizationEndpoint?: string | undefined;
  /** Where tokens are revoked (RFC 7009). Default: what the metadata says. */
  revocationEndpoint?: string | undefined;
  /** Where the server tells whether a token is active (RFC 7662). Default: what the metadata says. */
  introspectionEndpoint?: string | undefined;
  /** Where a login on another device begins (RFC 8628). Default: what the metadata says. */
  deviceAuthorizationEndpoint?: string | undefined;
  /** Where authorization requests are pushed to (RFC 9126). Default: what the metadata says. */
  pushedAuthorizationRequestEndpoint?: string | undefined;
  /** Where the server's public keys are; with it, signatures of id tokens are checked. Default: what the metadata says. */
  jwksUri?: string | undefined;
  /** Is told what is no failure, such as a scope that differs from what was asked for; what it throws is ignored. Default: nobody is told. */
  observe?: ((event: OAuthEvent) => void) | undefined;
}
