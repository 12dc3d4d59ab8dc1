import { readOptions, requireFunction, requireOneOf, requireThat } from "@tokenflight/core";
import type { OAuthClient, TextSupplier } from "@tokenflight/oauth";

/**
 * Enterprise-managed authorization: the company's identity provider says whether this user's program may use the server. Nobody is sent to a browser.
 */
export interface EnterpriseGrant {
  /**
   * The program as a client of the identity provider: a client of `createOAuthClient`, with `tokenTypes: ["N_A"]`, because what it is given there is no access
   * token.
   */
  identityProvider: Pick<OAuthClient, "tokenExchange">;
  /** Gives the user's id token, or SAML assertion, of the program's own login at the identity provider, anew for each token request. */
  assertion: TextSupplier;
  /** Default "id_token". */
  assertionType?: "id_token" | "saml2" | undefined;
}

/** How tokens come without a person. */
export type Grant = "client-credentials" | EnterpriseGrant;

/** Throws InvalidOptionError. */
export function readGrant(where: string, given: Grant | undefined): Grant | undefined {
  if (given === undefined || given === "client-credentials") return given;
  requireThat(
    typeof given === "object" && given !== null,
    where,
    '"client-credentials", or what enterprise-managed authorization needs',
    given,
  );
  const read = readOptions<EnterpriseGrant>(where, given, ["identityProvider", "assertion", "assertionType"]);
  const { identityProvider, assertion, assertionType = "id_token" } = read;
  requireFunction(`${where}.identityProvider.tokenExchange`, identityProvider?.tokenExchange);
  requireFunction(`${where}.assertion`, assertion);
  requireOneOf(`${where}.assertionType`, assertionType, ["id_token", "saml2"]);
  return { identityProvider, assertion, assertionType };
}
