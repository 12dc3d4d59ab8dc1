import { readOptions, requireFunction, requireTimeout, requireSignal, type TokenSet } from "@tokenflight/core";
import type { OAuthClient } from "../client/oauth-client.ts";
import { LoginError } from "../errors.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import type { AuthorizationUrl } from "../login/authorization-url.ts";
import { readCallbackUrl, stateOf } from "../login/callback.ts";
import { within } from "../endpoint/waiting.ts";
import { requireAddress, type LoopbackHost } from "./loopback-address.ts";
import { startLoopbackServer, type TakeCallback } from "./loopback-server.ts";
import { openBrowser, requireWebUrl } from "./open-browser.ts";
import { readPastedCallback, type Paste } from "./pasted-callback.ts";

/** The options of `loopbackLogin`. */
export interface LoopbackLoginOptions extends GrantOptions {
  /** Opens the login page in a browser. Default: `openBrowser`. What it throws ends the login, unless the user has come back already. */
  open?: ((url: string) => unknown) | undefined;
  /** Shows the user the URL, for when no browser opens. Default: nothing. */
  show?: ((url: string) => void) | undefined;
  /**
   * Asks the user for the address of the page that the login ended on, for a browser on another machine than this one, as over ssh. It is asked again after
   * a text that will not do. What it throws ends the login, unless the user has come back already. Default: nobody is asked.
   */
  paste?: Paste | undefined;
  /** The number of the port that the callback comes to, for a server that compares redirect URIs exactly. Default 0: one that is free. */
  port?: number | undefined;
  /** The host of the redirect URI, as it is registered. Default "127.0.0.1" (RFC 8252 section 8.3 advises against "localhost"). */
  host?: LoopbackHost | undefined;
  /** The path of the redirect URI, as it is registered. Default "/callback". */
  path?: string | undefined;
  /**
   * Those of the APIs in `resource` and `audience` that the token set is for, where the server gives access tokens for one at a time. Default: all of
   * them.
   */
  exchange?: Pick<GrantOptions, "resource" | "audience"> | undefined;
  /** Seconds that the user may take. Default 300. */
  timeout?: number | undefined;
  /** Ends the login. Default: none. */
  signal?: AbortSignal | undefined;
}

/** Seconds for which a callback still counts that has come in time, and is read late by a process that was stopped: the server knows its codes. */
const whileStopped = 3600;

const optionNames = ["open", "show", "paste", "port", "host", "path", "exchange", "timeout", "signal", ...grantOptionNames] as const;

/**
 * Logs a user in with the browser of this machine (RFC 8252): listens on 127.0.0.1, opens the login page, and takes the one callback that answers this login.
 * The client has to be registered with the redirect URI `http://127.0.0.1/callback`, for any port, or with the one that `host`, `port` and `path` make. Other
 * requests are refused and change nothing.
 *
 * @throws LoginError (`ERR_LOGIN_FAILED`; "port" when the port is taken).
 * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
 * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`).
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * await tokens.save(await loopbackLogin(client, { scope: "openid orders", show: (url) => console.log(`Log in at ${url}`) }));
 * ```
 */
export async function loopbackLogin(
  client: Pick<OAuthClient, "authorizationUrl" | "exchangeCallback">,
  options: LoopbackLoginOptions = {},
): Promise<TokenSet> {
  const read = readOptions<LoopbackLoginOptions>("loopbackLogin", options, optionNames);
  const {
    open = openBrowser,
    show,
    paste,
    port = 0,
    host = "127.0.0.1",
    path = "/callback",
    exchange = {},
    timeout = 300,
    signal,
    ...grant
  } = read;
  requireFunction("loopbackLogin.open", open);
  for (const [name, value] of Object.entries({ show, paste })) if (value !== undefined) requireFunction(`loopbackLogin.${name}`, value);
  requireAddress("loopbackLogin", { port, host, path });
  requireTimeout("loopbackLogin.timeout", timeout, Number.POSITIVE_INFINITY);
  requireSignal("loopbackLogin.signal", signal);
  const { resource, audience } = readOptions("loopbackLogin.exchange", exchange, ["resource", "audience"]);
  // Before anybody is sent to a browser.
  readGrantParameters("loopbackLogin.exchange", { resource, audience });
  if (signal?.aborted) throw aborted();

  const callback = Promise.withResolvers<TokenSet>();
  // It is awaited only later, and may reject before.
  callback.promise.catch(() => {});
  let begun: AuthorizationUrl | undefined;
  let taken = false;
  /** Aborts when nobody has to be asked for a callback any more. */
  const over = new AbortController();
  const take: TakeCallback = async (url) => {
    // Only the first callback that answers this login counts.
    if (begun === undefined || taken || stateOf(readCallbackUrl("callback", url)) !== begun.pending.state) return undefined;
    taken = true;
    over.abort();
    callback.resolve(client.exchangeCallback(url, begun.pending, { resource, audience, signal }));
    return callback.promise.then(
      () => true,
      () => false,
    );
  };
  const server = await startLoopbackServer({ port, host, path }, take);
  const { redirectUri } = server;
  const abort = (): void => callback.reject(aborted());
  signal?.addEventListener("abort", abort, { once: true });
  const expire = (): void => callback.reject(new LoginError("expired", "The user did not log in in time."));
  /** Neither the end of a way to the user matters, nor its failure once the user has come back. */
  const orFailure = (way: Promise<unknown>): Promise<TokenSet> =>
    way.then(
      () => callback.promise,
      (error: unknown) => {
        if (!taken) throw error;
        return callback.promise;
      },
    );
  const logIn = async (): Promise<TokenSet> => {
    begun = await client.authorizationUrl({ ...grant, redirectUri, timeout: timeout + whileStopped });
    const url = requireWebUrl(begun.url);
    show?.(url);
    // An opener may run for as long as its browser is open.
    const ways = [callback.promise, orFailure(Promise.resolve(open(url)))];
    if (paste !== undefined) ways.push(orFailure(readPastedCallback(paste, { url, redirectUri, signal: over.signal }, take)));
    return Promise.race(ways);
  };
  try {
    return await within(timeout * 1000, undefined, (ending) => {
      // Once the user has come back, the exchange of the code has a timeout of its own.
      ending.addEventListener("abort", expire, { once: true });
      return logIn();
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
    server.close();
  }
}

function aborted(): LoginError {
  return new LoginError("aborted", "The login was ended by its signal.");
}
