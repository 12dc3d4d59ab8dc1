import type { TokenSet } from "@tokenflight/core";
import { readClaims, textField } from "../endpoint/answer-fields.ts";

/** What an id token says (OpenID Connect Core section 2). Times are seconds since the UNIX epoch. */
export interface IdTokenClaims {
  /** Who the user is, at the issuer: the same at each login, and never another user's. */
  readonly sub: string;
  /** Whatever else it says, such as `iss`, `email` and `auth_time`. */
  readonly [claim: string]: unknown;
}

/**
 * The claims of a token set's id token: `sub` says who the user is. Reads, and checks nothing: the id token of a login and of a refresh was checked by the
 * client that obtained it, and one from elsewhere by nobody. Undefined when there is none, when it names no user, and when it cannot be read, as one that is encrypted.
 *
 * @example
 * ```ts
 * const tokenSet = await client.exchangeCallback(request.url, pending);
 * const user = idTokenClaims(tokenSet)?.sub;
 * ```
 */
export function idTokenClaims(tokenSet: TokenSet): IdTokenClaims | undefined {
  const claims = readClaims(tokenSet.idToken);
  return textField(claims, "sub") === undefined ? undefined : (claims as IdTokenClaims);
}
