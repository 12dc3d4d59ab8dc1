import { readOptions, readTokenResponse, requireSignal, systemClock, type TokenSet } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { locate, readCredentials, within } from "../endpoint/endpoint-request.ts";
import { requestTokens } from "../endpoint/token-request.ts";
import { LoginError } from "../errors.ts";
import { readGrantParameters } from "../grants/grant-parameters.ts";
import { checkCallback, readCallbackUrl, type CallbackUrl } from "./callback.ts";
import { checkIdToken } from "./id-token.ts";
import { readPendingLogin, type PendingLogin } from "./pending-login.ts";

/**
 * Ends a login that `authorizationUrl` began. Everything about the callback is checked before the code is sent anywhere; the id token is
 * checked before the caller gets the token set. Rejects with LoginError, TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
 */
export async function exchangeCallback(
  client: ClientParts,
  url: CallbackUrl,
  pending: PendingLogin,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<TokenSet> {
  const { signal } = readOptions("exchangeCallback", options, ["signal"]);
  requireSignal("exchangeCallback.signal", signal);
  const login = readPendingLogin("exchangeCallback.pending", pending);
  const parameters = readCallbackUrl("exchangeCallback.url", url);
  const { timeout } = client;
  const { metadata } = await within(timeout, signal, (ending) => locate(client, { endpoint: "token_endpoint", signal }, ending));
  const code = checkCallback(parameters, login, {
    issuer: client.knowsIssuer ? metadata.issuer : undefined,
    sendsIssuer: metadata.authorization_response_iss_parameter_supported === true,
  });
  // Neither somebody else's callback nor a refusal uses a login up; a code does, however its exchange ends.
  usedLoginsOf(client).use(login);

  const { scope } = readGrantParameters("exchangeCallback", login.scope === undefined ? {} : { scope: login.scope });
  const response = await requestTokens(asClient(client, login.clientId), {
    grant: "authorization_code",
    // The scope was agreed upon in the authorization request, so it is not sent again.
    fields: [["redirect_uri", login.redirectUri]],
    secrets: { code, code_verifier: login.codeVerifier },
    scope,
    signal,
  });
  const { clientId, nonce } = login;
  const required = login.scope?.split(" ").includes("openid") === true;
  await within(timeout, signal, (ending) =>
    checkIdToken(client, response, { server: metadata, clientId, nonce, required, signal: ending }),
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

/** A code belongs to the client that asked for it, even when the credentials have another client's id by now. */
function asClient(client: ClientParts, clientId: string): ClientParts {
  return {
    ...client,
    async credentials() {
      const sets = await readCredentials(client.credentials);
      const own = sets.filter((set) => set.clientId === clientId);
      return own.length === 0 ? sets : own;
    },
  };
}
