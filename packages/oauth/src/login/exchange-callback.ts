import { readOptions, readTokenResponse, systemClock, type TokenSet } from "@tokenflight/core";
import { codeOf, readCallbackUrl, type CallbackUrl } from "./callback.ts";
import { readCredentials } from "../endpoint/client-identity.ts";
import type { ClientParts } from "../client/read-client-options.ts";
import { withDeadline } from "../endpoint/deadline.ts";
import { locate } from "../endpoint/endpoint-request.ts";
import { readGrantParameters } from "../grants/grant-parameters.ts";
import { checkIdToken } from "./id-token.ts";
import { readPendingLogin, UsedLogins, type PendingLogin } from "./pending-login.ts";
import { requireSignal } from "../endpoint/require-signal.ts";
import { requestTokens } from "../endpoint/token-request.ts";

/**
 * Ends a login that `authorizationUrl` began. Everything about the callback is checked before the code is sent anywhere; the id token is
 * checked before anybody gets a token. Rejects with LoginError, TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
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
  const { knowsIssuer, fetch, timeout } = client;
  const metadata = await withDeadline(timeout, signal, (ending) => locate(client, { endpoint: "token_endpoint", signal }, ending));
  const code = codeOf(parameters, login, {
    issuer: knowsIssuer ? metadata.issuer : undefined,
    sendsIssuer: metadata.authorization_response_iss_parameter_supported === true,
  });
  // Neither somebody else's callback nor a refusal uses a login up; a code does, however its exchange ends.
  usedLoginsOf(client).use(login);

  const asked = readGrantParameters("exchangeCallback", login.scope === undefined ? {} : { scope: login.scope });
  const response = await requestTokens(asClient(client, login.clientId), {
    grant: "authorization_code",
    secrets: { code, code_verifier: login.codeVerifier },
    // The scope has been agreed upon already.
    parameters: { ...asked, fields: [["redirect_uri", login.redirectUri]] },
    signal,
  });
  await withDeadline(timeout, signal, (ending) =>
    checkIdToken(response, {
      server: metadata,
      knowsIssuer,
      clientId: login.clientId,
      nonce: login.nonce,
      required: login.scope?.split(" ").includes("openid") === true,
      fetch,
      signal: ending,
    }),
  );
  return readTokenResponse(response, systemClock.now());
}

const usedLogins = new WeakMap<ClientParts, UsedLogins>();

function usedLoginsOf(client: ClientParts): UsedLogins {
  const used = usedLogins.get(client) ?? new UsedLogins();
  usedLogins.set(client, used);
  return used;
}

/** A code belongs to the client that asked for it, whatever its credentials are called now. */
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
