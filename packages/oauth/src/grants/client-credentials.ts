import type { TokenSource } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { loaded } from "../endpoint/waiting.ts";
import { identify, readGrantParameters, type GrantOptions } from "./grant-parameters.ts";

/** The client credentials grant (RFC 6749 section 4.4) as a token source. A call uses nothing up. Throws InvalidOptionError. */
export function clientCredentials(client: ClientParts, options: GrantOptions = {}): TokenSource {
  const grant = "client_credentials";
  const parameters = readGrantParameters("clientCredentials", options, client.tokenParameters);
  const { fields, scope } = parameters;

  const source: TokenSource = async function clientCredentialsSource({ signal }) {
    const { requestTokens } = await loaded(import("../endpoint/token-request.ts"));
    return requestTokens(client, { grant, fields, secrets: {}, scope, signal });
  };
  source.identity = identify(client, grant, parameters.canonical);
  // Where the option `identity` takes its place, tokens for another API stay apart all the same.
  source.purpose = JSON.stringify([grant, ...parameters.canonical]);
  source.requiresLogin = false;
  source.spendsRefreshToken = false;
  return source;
}
