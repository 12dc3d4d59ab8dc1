import { finishPopup, loginByPopup, loginByRedirect, type FinishedLogin, type RedirectLogin } from "@tokenflight/browser";
import { createOAuthClient, noClientAuth, type OAuthClient } from "@tokenflight/oauth";

export interface LoginOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What a page offers in which users log in. */
export interface LoginPage {
  start(options: LoginOptions): void;
  redirect: RedirectLogin;
  /** What became of it: a token, and where the user was, or the code of an error. */
  finish(): Promise<Pick<FinishedLogin, "from"> & { readonly token: string }>;
  popup(signal?: AbortSignal): Promise<string>;
}

declare global {
  var login: LoginPage;
}

let client: OAuthClient;
const redirectUri = `${location.origin}/login.html`;
const popupUri = `${location.origin}/popup.html`;
let parameters: Readonly<Record<string, string>>;

if (location.pathname === "/popup.html") finishPopup(popupUri);
globalThis.login = {
  start({ issuer, clientId, parameters: given = {} }) {
    client = createOAuthClient({ issuer, clientId, clientAuth: noClientAuth() });
    parameters = given;
    login.redirect = loginByRedirect(client, { redirectUri, scope: "openid read", parameters });
  },
  redirect: undefined as unknown as RedirectLogin,
  async finish() {
    const finished = await login.redirect.finish();
    return { token: finished?.tokenSet.accessToken ?? "none", from: finished?.from ?? "nowhere" };
  },
  popup: async (signal) =>
    (await loginByPopup(client, { redirectUri: popupUri, scope: "openid read", parameters }, { signal })).accessToken,
};
