/** A 401's WWW-Authenticate header, and whether another token may help: then there is one renewal and one replay. */
export interface ChallengeRow {
  readonly challenge: string | undefined;
  readonly about: string;
  readonly renews: boolean;
}

const yes = (about: string, challenge: string | undefined): ChallengeRow => ({ challenge, about, renews: true });
const no = (about: string, challenge: string): ChallengeRow => ({ challenge, about, renews: false });

export const challenges: readonly ChallengeRow[] = [
  yes("no challenge", undefined),
  yes("an empty one", ""),
  yes("Bearer alone", "Bearer"),
  yes("Bearer with a realm", 'Bearer realm="api"'),
  yes("an expired or revoked token", 'Bearer realm="api", error="invalid_token", error_description="expired"'),
  yes("the same without quotes", "bearer ERROR=invalid_token"),
  yes("Bearer behind another scheme", 'Basic realm="x", Bearer error="invalid_token"'),
  yes("an error of the API's own", 'Bearer error="token_expired"'),
  yes("Basic alone", 'Basic realm="api"'),
  yes("a scheme of the API's own", "JWT"),
  yes("Digest", 'Digest realm="api", nonce="n", qop="auth"'),
  yes("Negotiate", "Negotiate"),
  yes("a DPoP nonce", 'DPoP error="use_dpop_nonce"'),
  yes("what cannot be read", 'Basic realm="never closed'),
  yes("nothing but separators", "=,;"),
  yes("words in a realm that only look like an error", 'Basic realm="Bearer error=insufficient_scope"'),
  no("too little scope", 'Bearer error="insufficient_scope", scope="orders:write"'),
  no("a request that is malformed", 'Bearer error="invalid_request"'),
  no("a login that has to be stronger or newer", 'Bearer error="insufficient_user_authentication", acr_values="mfa"'),
  no("too little scope, in a challenge of another scheme", 'DPoP algs="ES256", error="insufficient_scope"'),
  no("too little scope, beside another challenge", 'Basic realm="x", Bearer error="insufficient_scope"'),
];
