import { requireText, type TokenSet } from "@tokenflight/core";
import { isCallback, keepLogin, requireLoginClient, stateOf, takeLogin, type LoginClient } from "./pending-logins.ts";

/** A user who has come back. */
export interface FinishedLogin {
  /** For `save` of a token cache. */
  readonly tokenSet: TokenSet;
  /** Where the user was when the login began. */
  readonly from: string;
}

/** A login for which the user leaves the page, and comes back to it. */
export interface RedirectLogin {
  /** Sends the user to the authorization server. It does not come back; rejects when the server cannot be found, or the browser keeps no pending login. */
  begin(): Promise<never>;
  /**
   * Ends the login on the page of `redirectUri`. Resolves to undefined on every other page, and to the same for each call on one page. The answer is taken
   * out of the address at once, so that a reload or a bookmark does not use it again.
   *
   * @throws LoginRequiredError (`ERR_LOGIN_REQUIRED`) for a callback of no login of this tab.
   * @throws what `exchangeCallback` rejects with: an error of the user's no, for example.
   */
  finish(): Promise<FinishedLogin | undefined>;
}

/**
 * Logs a user in by way of the authorization server's page. `request` is that of `authorizationUrl` of a client. The pending login is kept for this tab
 * (`sessionStorage`).
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const login = loginByRedirect(client, { redirectUri: `${location.origin}/callback`, scope: "openid" });
 * const finished = await login.finish(); // undefined on every page but that of redirectUri
 * if (finished !== undefined) await tokens.save(finished.tokenSet);
 * ```
 */
export function loginByRedirect<Request extends { redirectUri: string }, Pending extends { readonly state: string }>(
  client: LoginClient<Request, Pending>,
  request: Request,
): RedirectLogin {
  requireLoginClient(client);
  const { redirectUri } = request;
  requireText("redirectUri", redirectUri);
  let finishing: Promise<FinishedLogin | undefined> | undefined;

  async function finish(): Promise<FinishedLogin | undefined> {
    const { href } = location;
    if (!isCallback(href, redirectUri)) return undefined;
    history.replaceState(history.state, "", redirectUri);
    const { pending, from } = takeLogin<Pending>(stateOf(href));
    return { tokenSet: await client.exchangeCallback(href, pending), from };
  }

  return {
    async begin() {
      const { url, pending } = await client.authorizationUrl(request);
      keepLogin({ pending, from: location.href });
      location.assign(url);
      return new Promise<never>(() => {});
    },
    // Some frameworks run what begins a page twice.
    finish: () => (finishing ??= finish()),
  };
}
