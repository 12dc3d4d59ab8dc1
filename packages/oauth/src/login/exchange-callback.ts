import { readOptions, readTokenResponse, requireSignal, systemClock, type TokenSet } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { locate } from "../endpoint/endpoint-request.ts";
import { requestTokens } from "../endpoint/token-request.ts";
import { LoginError } from "../errors.ts";
import { readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import { checkIdToken } from "../id-token/check-id-token.ts";
import { watchServerTime } from "../id-token/clock-difference.ts";
import { within } from "../endpoint/waiting.ts";
import { asClient } from "./as-client.ts";
import { checkCallback, readCallbackUrl, type CallbackUrl } from "./callback.ts";
import { asksForIdToken, readPendingLogin, type PendingLogin } from "./pending-login.ts";

/** `resource` and `audience`: those of the login's APIs that this token set is for. Default: all of them. */
export interface CallbackOptions extends Pick<GrantOptions, "resource" | "audience"> {
  /** Ends the exchange. Nobody knows then whether the code has been used. Default: none. */
  signal?: AbortSignal | undefined;
}

/**
 * Ends a login that `authorizationUrl` began. Everything about the callback is checked before the code is sent anywhere; the id token is
 * checked before the caller gets the token set. Rejects with LoginError, TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
 */
export async function exchangeCallback(
  client: ClientParts,
  url: CallbackUrl,
  pending: PendingLogin,
  options: CallbackOptions = {},
): Promise<TokenSet> {
  const narrowed = readOptions<CallbackOptions>("exchangeCallback", options, ["signal", "resource", "audience"]);
  const { signal } = narrowed;
  requireSignal("exchangeCallback.signal", signal);
  const login = readPendingLogin("exchangeCallback.pending", pending);
  const parameters = readCallbackUrl("exchangeCallback.url", url);
  const { resource = login.resource, audience = login.audience } = narrowed;
  const { fields: apis } = readGrantParameters("exchangeCallback", { resource, audience });
  const { timeout } = client;
  const { metadata } = await within(timeout, signal, (ending) => locate(client, { endpoint: "token_endpoint", signal }, ending));
  const code = checkCallback(parameters, login, {
    issuer: client.knownIssuer === undefined ? undefined : metadata.issuer,
    sendsIssuer: metadata.authorization_response_iss_parameter_supported === true,
  });
  // Neither somebody else's callback nor a refusal uses a login up; a code does, however its exchange ends.
  usedLoginsOf(client).use(login);

  const watched = watchServerTime(asClient(client, login.clientId));
  const response = await requestTokens(watched.client, {
    grant: "authorization_code",
    // The scope was agreed upon in the authorization request, so it is not sent again. The APIs are (RFC 8707 section 2.2).
    fields: [["redirect_uri", login.redirectUri], ...apis],
    secrets: { code, code_verifier: login.codeVerifier },
    scope: login.scope,
    signal,
  });
  const { clientId, nonce } = login;
  const required = asksForIdToken(login.scope);
  await within(timeout, signal, (ending) =>
    checkIdToken(client, response, { server: metadata, clientId, nonce, required, ahead: watched.ahead(), signal: ending }),
  );
  return readTokenResponse(response, systemClock.now());
}

/** Remembers the logins whose callback this client has seen, until they expire. */
class UsedLogins {
  /** When each login expires, by its state. */
  readonly #expiries = new Map<string, number>();

  /** Marks a login as used. Throws LoginError when it has expired or was used before. */
  use({ state, expiresAt }: PendingLogin): void {
    const now = Date.now();
    for (const [used, expiry] of this.#expiries) if (expiry <= now) this.#expiries.delete(used);
    if (expiresAt <= now) throw new LoginError("expired", "The login took too long: its time is over.");
    if (this.#expiries.has(state)) throw new LoginError("used", "The login has been used already: it serves once.");
    this.#expiries.set(state, expiresAt);
  }
}

const usedLogins = new WeakMap<ClientParts, UsedLogins>();

function usedLoginsOf(client: ClientParts): UsedLogins {
  const used = usedLogins.get(client) ?? new UsedLogins();
  usedLogins.set(client, used);
  return used;
}
