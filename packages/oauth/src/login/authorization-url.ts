import {
  hasOwn,
  InvalidOptionError,
  kindOf,
  parseUrl,
  readOptions,
  requireTimeout,
  requireText,
  requireWebCrypto,
} from "@tokenflight/core";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from "oauth4webapi";
import type { ClientParts } from "../client-parts.ts";
import { currentCredentials, locate, type BodyFields } from "../endpoint/endpoint-request.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import { within } from "../endpoint/waiting.ts";
import { asksForIdToken, type PendingLogin } from "./pending-login.ts";

/** What a login asks for. */
export interface AuthorizationRequest extends GrantOptions {
  /** Where the server sends the user back to, as registered. */
  redirectUri: string;
  /** Seconds that the user may take. Default 600. */
  timeout?: number | undefined;
}

/** Where a login begins, and what ends it. */
export interface AuthorizationUrl {
  /** Send the user's browser there. Always http or https. */
  readonly url: string;
  /**
   * When it has to be open in the browser at the latest, in milliseconds since the UNIX epoch, because the server keeps a pushed request for so long
   * (RFC 9126 section 2.2). Undefined when nothing was pushed.
   */
  readonly openBefore?: number | undefined;
  /** Keep it for `exchangeCallback`. */
  readonly pending: PendingLogin;
}

/** Parameters that are set here, or must not be set: a `request` would replace all that is checked later. */
const reserved = ["response_type", "response_mode", "state", "nonce", "code_challenge", "code_challenge_method", "request", "request_uri"];

/**
 * Begins a login (RFC 6749 section 4.1.1) with PKCE S256 (RFC 7636) and a state of its own, and with the scope `openid` a nonce. Rejects with
 * InvalidOptionError, and with TokenRequestError when the server cannot be found, names no https authorization endpoint, or refuses a request that was
 * pushed to it (RFC 9126).
 */
export async function authorizationUrl(client: ClientParts, request: AuthorizationRequest): Promise<AuthorizationUrl> {
  const where = "authorizationUrl";
  const read = readOptions<AuthorizationRequest>(where, request, ["redirectUri", "timeout", ...grantOptionNames]);
  requireWebCrypto(where);
  const { redirectUri, timeout = 600, ...options } = read;
  // What is left in `options` inherits from Object.prototype. `read` does not.
  const { parameters } = read;
  requireRedirectUri(`${where}.redirectUri`, redirectUri);
  requireTimeout(`${where}.timeout`, timeout, Number.POSITIVE_INFINITY);
  for (const name of reserved) {
    if (parameters !== undefined && hasOwn(parameters, name)) {
      throw new InvalidOptionError(`${where}.parameters.${name}`, "a parameter that is not set elsewhere", "one that is");
    }
  }
  const { fields, scope } = readGrantParameters(where, options);
  const purpose = { endpoint: "authorization_endpoint", signal: undefined } as const;
  const [server, [{ clientId }]] = await within(client.timeout, undefined, (signal) =>
    Promise.all([locate(client, purpose, signal), currentCredentials(client, purpose, signal)]),
  );
  // A server may refuse a request that has a nonce and does not ask for an id token.
  const nonce = asksForIdToken(scope) ? generateRandomNonce() : undefined;
  const pending: PendingLogin = {
    state: generateRandomState(),
    ...(nonce === undefined ? {} : { nonce }),
    codeVerifier: generateRandomCodeVerifier(),
    redirectUri,
    clientId,
    ...(scope === undefined ? {} : { scope }),
    ...listed(fields, "resource"),
    ...listed(fields, "audience"),
    expiresAt: Date.now() + timeout * 1000,
  };
  const url = server.endpoint("authorization_endpoint");
  const asked: BodyFields = [
    ["response_type", "code"],
    ["redirect_uri", redirectUri],
    ["state", pending.state],
    ...(nonce === undefined ? [] : [["nonce", nonce] as const]),
    ["code_challenge", await calculatePKCECodeChallenge(pending.codeVerifier)],
    ["code_challenge_method", "S256"],
    ...fields,
  ];
  if (client.pushesAuthorizationRequests || server.metadata.require_pushed_authorization_requests === true) {
    const { pushAuthorizationRequest } = await import("./pushed-authorization.ts");
    const { requestUri, expiresIn } = await pushAuthorizationRequest(client, clientId, asked);
    const query: BodyFields = [
      ["client_id", clientId],
      ["request_uri", requestUri],
    ];
    return { url: withQuery(url, query), pending, openBefore: Date.now() + expiresIn };
  }
  return { url: withQuery(url, [["client_id", clientId], ...asked]), pending };
}

/** RFC 6749 section 3.1: what the endpoint has in its query stays there, but for what is set here. */
function withQuery(endpoint: URL, fields: BodyFields): string {
  const url = new URL(endpoint);
  for (const [name] of fields) url.searchParams.delete(name);
  for (const [name, value] of fields) url.searchParams.append(name, value);
  url.hash = "";
  return url.href;
}

/** The values of one field, for the pending login. */
function listed(fields: BodyFields, name: "resource" | "audience"): Pick<PendingLogin, "resource" | "audience"> {
  const values = fields.flatMap(([field, value]) => (field === name ? [value] : []));
  return values.length === 0 ? {} : { [name]: values };
}

/** Requires an absolute URI (RFC 6749 section 3.1.2), which may have a scheme of an app's own (RFC 8252 section 7.1). */
function requireRedirectUri(where: string, value: unknown): void {
  requireText(where, value);
  if (parseUrl(value as string) !== null && !(value as string).includes("#")) return;
  throw new InvalidOptionError(where, "an absolute URI without a fragment", kindOf(value));
}
