import { connectTokens, indexedDbStore, loginByRedirect, type FinishedLogin, type RedirectLogin } from "@tokenflight/browser";
import { createTokenCache, type ClosableTokenCache, type KeepAlive, type Observer, type TokenEvent } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { reportOf, type Place, type Report } from "./reports.ts";

const { VITE_ISSUER, VITE_CLIENT_ID } = import.meta.env;

/** A public client: a page keeps no secret. */
export const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });

/** The one login of all tabs, in the store that they and the service worker share. */
export function sharedTokens(observe: Observer, options: { keepAlive?: KeepAlive } = {}): ClosableTokenCache {
  return createTokenCache({ source: client.refreshToken(), store: indexedDbStore({ name: "tabs" }), key: "user", observe, ...options });
}

/** How a tab takes part in the login. */
export interface TabLogin {
  readonly tokens: ClosableTokenCache;
  /** Leaves the page for the authorization server's, where this user logs in. */
  begin(user: string): Promise<never>;
  /** Ends a login with which the user has just come back. */
  finish(): Promise<FinishedLogin | undefined>;
}

/** Refreshes in this page, or in the service worker, and tells what happens. */
export function joinLogin(by: string, place: Place, report: (report: Report) => void): TabLogin {
  const tell = (event: TokenEvent): void => {
    const told = reportOf(by, event);
    if (told !== undefined) report(told);
  };
  if (place === "page") {
    const tokens = sharedTokens(tell);
    return {
      tokens,
      begin: (user) => redirect(client, user).begin(),
      async finish() {
        const finished = await redirect(client).finish();
        if (finished !== undefined) await tokens.save(finished.tokenSet);
        return finished;
      },
    };
  }
  const tokens = connectTokens({ worker: "/worker.js", fallback: () => sharedTokens(tell), client });
  // The worker tells what it obtains; that this tab has it too, nobody but this tab can see.
  let last: string | undefined;
  const looking = setInterval(() => {
    const token = tokens.peek()?.fingerprint;
    if (token !== undefined && token !== last) report({ by, at: Date.now(), type: "took-over", token });
    last = token ?? last;
  }, 50);
  const close = (): Promise<void> => {
    clearInterval(looking);
    return tokens.close();
  };
  return {
    tokens: { ...tokens, close },
    begin: (user) => redirect(tokens.client, user).begin(),
    finish: () => redirect(tokens.client).finish(),
  };
}

function redirect(of: Parameters<typeof loginByRedirect>[0], user?: string): RedirectLogin {
  const request = {
    redirectUri: `${location.origin}/`,
    scope: "openid read",
    // The server asks again, whoever has logged in there before.
    parameters: { prompt: "login", ...(user !== undefined && { login_hint: user }) },
  };
  return loginByRedirect(of, request);
}
