import { readOptions, requireFunction, requireSeconds, requireSignal, type TokenSet } from "@tokenflight/core";
import type { OAuthClient } from "../client/oauth-client.ts";
import { within } from "../endpoint/endpoint-request.ts";
import { LoginError } from "../errors.ts";
import { grantOptionNames, type GrantOptions } from "../grants/grant-parameters.ts";
import type { AuthorizationUrl } from "../login/authorization-url.ts";
import { readCallbackUrl, stateOf } from "../login/callback.ts";
import { startLoopbackServer } from "./loopback-server.ts";
import { openBrowser, requireWebUrl } from "./open-browser.ts";

export interface LoopbackLoginOptions extends GrantOptions {
  /** Opens the login page in a browser. Default: `openBrowser`. What it throws ends the login, unless the user has come back already. */
  open?: ((url: string) => unknown) | undefined;
  /** Shows the user the URL, for when no browser opens. Default: nothing. */
  show?: ((url: string) => void) | undefined;
  /** Seconds that the user may take. Default 300. */
  timeout?: number | undefined;
  /** Ends the login. */
  signal?: AbortSignal | undefined;
}

/** Seconds for which a callback still counts that has come in time, and is read late by a process that was stopped: the server knows its codes. */
const whileStopped = 3600;

const optionNames = ["open", "show", "timeout", "signal", ...grantOptionNames] as const;

/**
 * Logs a user in with the browser of this machine (RFC 8252): listens on 127.0.0.1, opens the login page, and takes the one callback that
 * answers this login. The client has to be registered with the redirect URI `http://127.0.0.1/callback`, for any port. Other requests are
 * refused and change nothing. Rejects with LoginError, TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
 */
export async function loopbackLogin(client: OAuthClient, options: LoopbackLoginOptions = {}): Promise<TokenSet> {
  const read = readOptions<LoopbackLoginOptions>("loopbackLogin", options, optionNames);
  const { open = openBrowser, show, timeout = 300, signal, ...grant } = read;
  requireFunction("loopbackLogin.open", open);
  if (show !== undefined) requireFunction("loopbackLogin.show", show);
  requireSeconds("loopbackLogin.timeout", timeout);
  requireSignal("loopbackLogin.signal", signal);
  if (signal?.aborted) throw aborted();

  const callback = Promise.withResolvers<TokenSet>();
  // It is awaited only later, and may reject before.
  callback.promise.catch(() => {});
  let begun: AuthorizationUrl | undefined;
  let taken = false;
  const server = await startLoopbackServer(async (url) => {
    // Only the first request that answers this login counts.
    if (begun === undefined || taken || stateOf(readCallbackUrl("callback", url)) !== begun.pending.state) return undefined;
    taken = true;
    callback.resolve(client.exchangeCallback(url, begun.pending, signal === undefined ? {} : { signal }));
    return callback.promise.then(
      () => true,
      () => false,
    );
  });
  const abort = (): void => callback.reject(aborted());
  signal?.addEventListener("abort", abort, { once: true });
  const expire = (): void => callback.reject(new LoginError("expired", "The user did not log in in time."));
  const logIn = async (): Promise<TokenSet> => {
    begun = await client.authorizationUrl({ ...grant, redirectUri: server.redirectUri, timeout: timeout + whileStopped });
    const url = requireWebUrl(begun.url);
    show?.(url);
    // An opener may run for as long as its browser is open. Its end does not matter, nor does its failure once the user has come back.
    const opened = Promise.resolve(open(url)).then(
      () => callback.promise,
      (error: unknown) => {
        if (!taken) throw error;
        return callback.promise;
      },
    );
    return Promise.race([callback.promise, opened]);
  };
  try {
    return await within(timeout * 1000, undefined, (ending) => {
      // Once the user has come back, the exchange of the code has a timeout of its own.
      ending.addEventListener("abort", expire, { once: true });
      return logIn();
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    server.close();
  }
}

function aborted(): LoginError {
  return new LoginError("aborted", "The login was ended by its signal.");
}
