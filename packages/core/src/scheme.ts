import type { TokenSet } from "./token-set.ts";

/** Header fields by lower-case name. */
export type HeaderFields = Readonly<Record<string, string>>;

/** What a scheme may look at of the request that it signs. */
export interface SchemeRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
}

/** How a token set is put on a request. Called for each request and again for its replay. */
export type AuthorizationScheme = (tokens: TokenSet, request: SchemeRequest) => HeaderFields | Promise<HeaderFields>;

/** Header fields are the same for every request with one token set, so they are made once. */
function perTokenSet(value: (tokens: TokenSet) => string): AuthorizationScheme {
  const made = new WeakMap<TokenSet, HeaderFields>();
  return (tokens) => {
    let fields = made.get(tokens);
    if (fields === undefined) {
      fields = Object.freeze({ authorization: value(tokens) });
      made.set(tokens, fields);
    }
    return fields;
  };
}

/** `Authorization: <token_type> <access token>`, which is Bearer unless the token endpoint said otherwise (RFC 6750 section 2.1). The default. */
export const tokenTypeScheme: AuthorizationScheme = perTokenSet((tokens) => `${tokens.tokenType} ${tokens.accessToken}`);

/** `Authorization: <access token>`, without the name of a scheme, as some APIs want it. */
export const bareTokenScheme: AuthorizationScheme = perTokenSet((tokens) => tokens.accessToken);
