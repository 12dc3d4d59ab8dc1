import { InvalidOptionError, kindOf, readOptions, requireSeconds, requireText } from "@tokenflight/core";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from "oauth4webapi";
import type { ClientParts } from "../client-parts.ts";
import { currentCredentials, locate, within } from "../endpoint/endpoint-request.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import type { PendingLogin } from "./pending-login.ts";

export interface AuthorizationRequest extends GrantOptions {
  /** Where the server sends the user back to, as registered. */
  redirectUri: string;
  /** Seconds that the user may take. Default 600. */
  timeout?: number | undefined;
}

export interface AuthorizationUrl {
  /** Send the user's browser there. Always http or https. */
  readonly url: string;
  /** Keep it for `exchangeCallback`. */
  readonly pending: PendingLogin;
}

/** Parameters that are set here, or must not be set: a `request` would replace all that is checked later. */
const reserved = ["response_type", "response_mode", "state", "nonce", "code_challenge", "code_challenge_method", "request", "request_uri"];

/**
 * Begins a login (RFC 6749 section 4.1.1) with PKCE S256 (RFC 7636), a state and a nonce of its own. Rejects with InvalidOptionError, and
 * with TokenRequestError when the server cannot be found or names no https authorization endpoint.
 */
export async function authorizationUrl(client: ClientParts, request: AuthorizationRequest): Promise<AuthorizationUrl> {
  const where = "authorizationUrl";
  const read = readOptions<AuthorizationRequest>(where, request, ["redirectUri", "timeout", ...grantOptionNames]);
  const { redirectUri, timeout = 600, ...options } = read;
  // What is left in `options` inherits from Object.prototype. `read` does not.
  const { parameters } = read;
  requireRedirectUri(`${where}.redirectUri`, redirectUri);
  requireSeconds(`${where}.timeout`, timeout);
  for (const name of reserved) {
    if (parameters !== undefined && Object.hasOwn(parameters, name)) {
      throw new InvalidOptionError(`${where}.parameters.${name}`, "a parameter that is not set elsewhere", "one that is");
    }
  }
  const { fields, scope } = readGrantParameters(where, options);
  const purpose = { endpoint: "authorization_endpoint", signal: undefined } as const;
  const [server, [{ clientId }]] = await within(client.timeout, undefined, (signal) =>
    Promise.all([locate(client, purpose, signal), currentCredentials(client, purpose, signal)]),
  );
  const pending: PendingLogin = {
    state: generateRandomState(),
    nonce: generateRandomNonce(),
    codeVerifier: generateRandomCodeVerifier(),
    redirectUri,
    clientId,
    ...(scope === undefined ? {} : { scope }),
    expiresAt: Date.now() + timeout * 1000,
  };
  const url = server.endpoint("authorization_endpoint");
  // RFC 6749 section 3.1: what the endpoint has in its query stays there.
  for (const [name, value] of [
    ["response_type", "code"],
    ["client_id", clientId],
    ["redirect_uri", redirectUri],
    ["state", pending.state],
    ["nonce", pending.nonce],
    ["code_challenge", await calculatePKCECodeChallenge(pending.codeVerifier)],
    ["code_challenge_method", "S256"],
  ] as const) {
    url.searchParams.set(name, value);
  }
  for (const [name, value] of fields) url.searchParams.append(name, value);
  url.hash = "";
  return { url: url.href, pending };
}

/** Requires an absolute URI (RFC 6749 section 3.1.2), which may have a scheme of an app's own (RFC 8252 section 7.1). */
function requireRedirectUri(where: string, value: unknown): void {
  requireText(where, value);
  if (URL.canParse(value as string) && !(value as string).includes("#")) return;
  throw new InvalidOptionError(where, "an absolute URI without a fragment", kindOf(value));
}
