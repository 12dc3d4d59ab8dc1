import type { TokenSet } from "../tokens/token-set.ts";

/** Header fields by lower-case name. */
export type HeaderFields = Readonly<Record<string, string>>;

/** What a scheme may look at of the request that it signs. */
export interface SchemeRequest {
  /** Such as "GET". */
  readonly method: string;
  /** Absolute. */
  readonly url: string;
}

/** How a token set is put on a request. Called for each request and again for its replay. */
export interface AuthorizationScheme {
  (tokenSet: TokenSet, request: SchemeRequest): HeaderFields | Promise<HeaderFields>;
  /**
   * The names of the fields that it gives: a request of the caller's that has one of them has credentials of its own, and is sent untouched. Default:
   * `authorization` until its first call has shown which.
   */
  readonly fields?: readonly string[] | undefined;
}

const authorization = ["authorization"] as const;

/** Header fields are the same for every request with one token set, so they are made once. */
function perTokenSet(value: (tokenSet: TokenSet) => string): AuthorizationScheme {
  const made = new WeakMap<TokenSet, HeaderFields>();
  const scheme = (tokenSet: TokenSet): HeaderFields => {
    let fields = made.get(tokenSet);
    if (fields === undefined) {
      fields = Object.freeze({ authorization: value(tokenSet) });
      made.set(tokenSet, fields);
    }
    return fields;
  };
  return Object.assign(scheme, { fields: authorization });
}

/** `Authorization: <token_type> <access token>`, which is Bearer unless the token endpoint said otherwise (RFC 6750 section 2.1). The default. */
export const tokenTypeScheme: AuthorizationScheme = perTokenSet((tokenSet) => `${tokenSet.tokenType} ${tokenSet.accessToken}`);

/** `Authorization: <access token>`, without the name of a scheme, as some APIs want it. */
export const bareTokenScheme: AuthorizationScheme = perTokenSet((tokenSet) => tokenSet.accessToken);

/**
 * Whether clients themselves take these fields off a request that a redirect sends to another origin. They do that with Authorization; a
 * DPoP proof is worth nothing without the token that it is bound to (RFC 9449 section 4.2). Any other field they would take along.
 */
export function mayBeRedirected(fields: HeaderFields): boolean {
  for (const name of Object.keys(fields)) if (name !== "authorization" && name !== "dpop") return false;
  return true;
}
