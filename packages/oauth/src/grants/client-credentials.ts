import type { TokenSource } from "@tokenflight/core";
import { readGrantParameters, type GrantOptions } from "./grant-parameters.ts";
import { identify } from "./identity.ts";
import { requestTokens, type TokenEndpointParts } from "../endpoint/token-request.ts";

/** The client credentials grant (RFC 6749 section 4.4) as a token source. A call uses nothing up. Throws InvalidOptionError. */
export function clientCredentials(endpoint: TokenEndpointParts, options: GrantOptions = {}): TokenSource {
  const grant = "client_credentials";
  const parameters = readGrantParameters("clientCredentials", options);

  const source: TokenSource = async function clientCredentialsSource({ signal }) {
    return requestTokens(endpoint, { grant, secrets: {}, parameters, signal });
  };
  source.identity = identify(endpoint, grant, parameters);
  source.spendsRefreshToken = false;
  return source;
}
