import { readOptions, type TokenSet } from "@tokenflight/core";
import { LoginError } from "@tokenflight/oauth";
import { loopbackLogin, openBrowser, type LoopbackLoginOptions } from "@tokenflight/oauth/node";
import { shown } from "../discovery/safe-url.ts";
import type { Authorization, Authorize } from "../server/server-parts.ts";

/** The page on which the user logs in, and the MCP server that it is for. */
export interface LoginPage {
  /** The authorization URL, to be opened in a browser. */
  readonly url: string;
  /** The MCP server that the login is for. */
  readonly server: URL;
}

/** How a user logs in on this machine. */
export interface NodeLoginOptions {
  /** Shows the page to the user, in place of the browser of this machine. What it throws ends the login. Default: the browser is opened. */
  onLogin?: ((page: LoginPage) => unknown) | undefined;
  /** Asks the user for the address that a browser on another machine has ended on, as over ssh: that of `loopbackLogin`. Default: nobody is asked. */
  paste?: LoopbackLoginOptions["paste"];
  /**
   * Where the callback comes to: `port` (default: one that is free, which is kept with the client's registration), `host` (default "127.0.0.1") and `path`
   * (default "/callback"). A client that was registered by hand, or has a metadata document, needs what it is registered with.
   */
  callback?: Pick<LoopbackLoginOptions, "port" | "host" | "path"> | undefined;
}

/** Throws InvalidOptionError. */
export function requireBrowserOptions(where: string, { onLogin, paste, callback = {} }: NodeLoginOptions): NodeLoginOptions {
  return { onLogin, paste, callback: readOptions(`${where}.callback`, callback, ["port", "host", "path"]) };
}

/** Takes a user through a login with a browser. `timeout`: seconds. */
export function authorizeInBrowser({ onLogin, paste, callback = {} }: NodeLoginOptions, timeout = 300): Authorize {
  return async (authorization) => {
    const { server, redirectUri, signal } = authorization;
    const { port, host = "127.0.0.1", path = "/callback" } = callback;
    const open = (url: string): unknown => (onLogin === undefined ? openOrTell(url, server) : onLogin({ url, server }));
    const logIn = (at: number | undefined): Promise<TokenSet> =>
      loopbackLogin(clientOf(authorization), { open, paste, port: at, host, path, timeout, signal });
    // The port that the client is registered with, unless the program wants another one.
    const kept = port === undefined ? portIn(redirectUri, host, path) : undefined;
    if (kept === undefined) return logIn(port);
    return logIn(kept).catch((error: unknown) => {
      // Another program has it by now: with any other port the client is registered anew.
      if (error instanceof LoginError && error.reason === "port") return logIn(undefined);
      throw error;
    });
  };
}

/** The login, as the client that `loopbackLogin` takes. */
function clientOf(authorization: Authorization): Parameters<typeof loopbackLogin>[0] {
  return {
    authorizationUrl: ({ redirectUri, timeout }) => authorization.begin(redirectUri, timeout),
    exchangeCallback: (callback, pending) => authorization.finish(callback, pending),
  };
}

function portIn(redirectUri: string | undefined, host: string, path: string): number | undefined {
  const url = redirectUri === undefined ? null : URL.parse(redirectUri);
  return url?.hostname === host && url.pathname === path && url.port !== "" ? Number(url.port) : undefined;
}

/** Where no browser can be opened, the address is all that helps. Standard output may be the protocol's own. */
async function openOrTell(url: string, server: URL): Promise<void> {
  if (await openBrowser(url)) return;
  process.stderr.write(`Log in at the MCP server ${shown(server)}: open ${url}\n`);
}
