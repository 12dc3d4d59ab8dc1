import { createTokenCache, memoryStore, type TokenStore } from "@tokenflight/core";
import { attachBearer } from "@tokenflight/axios";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { axiosAuthRefresh, axiosAuthRefreshEach } from "../contenders/clients/axios-auth-refresh.ts";
import { axiosInstance, sendWith } from "../contenders/clients/axios-base.ts";
import { axiosTextbook } from "../contenders/clients/axios-textbook.ts";
import type { Send, Setting } from "../contenders/clients/client-contender.ts";
import { fetchBadgateway } from "../contenders/clients/fetch-badgateway.ts";
import { fetchSimpleOauth2 } from "../contenders/clients/fetch-simple-oauth2.ts";
import { gaxiosGoogleAuth } from "../contenders/clients/gaxios-google-auth.ts";
import { tokenSetOf } from "../contenders/tokenflight.ts";
import { forgetAccounts, sendWithBetterAuth } from "./better-auth.ts";
import { sendWithMsal } from "./msal.ts";

/** A library in the comparison, set up as its users would. */
export interface Contestant {
  readonly name: string;
  /** Whether its requests reject when the API answers with an error. */
  readonly throwsForStatus: boolean;
  /** How it is asked for another origin than the one that it was set up for: by an absolute URL, without a base, or not at all, because its user puts the token on. */
  readonly elsewhere: "absolute" | "without-base" | "user";
  /** Whether the function that asks for tokens is its user's. */
  readonly asksByItself?: false;
  connect(setting: Setting): Send | Promise<Send>;
  /** Forgets what its instances share, where they can share something. */
  forget?(): void;
}

let store: TokenStore = memoryStore();
let logins = 0;

/** With a store, which instances share, and one key for the login. */
const ours: Contestant = {
  name: "Tokenflight",
  throwsForStatus: true,
  elsewhere: "absolute",
  async connect(setting) {
    const { tokenEndpoint, held } = setting;
    const client = createOAuthClient({ tokenEndpoint, clientId: "bench", clientAuth: clientSecretBasic("secret") });
    const tokens = createTokenCache({ source: client.refreshToken(), store, key: `login ${logins}` });
    await tokens.seed(tokenSetOf(held));
    const instance = axiosInstance(setting);
    attachBearer(instance, tokens);
    return sendWith(instance);
  },
  forget() {
    store = memoryStore();
    logins += 1;
  },
};

export const contestants: readonly Contestant[] = [
  ours,
  { ...axiosTextbook, name: "interceptors by hand, one shared refresh", throwsForStatus: true, elsewhere: "absolute", asksByItself: false },
  { ...axiosAuthRefresh, throwsForStatus: true, elsewhere: "user", asksByItself: false },
  { ...axiosAuthRefreshEach, throwsForStatus: true, elsewhere: "user", asksByItself: false },
  { ...fetchBadgateway, throwsForStatus: false, elsewhere: "without-base" },
  { ...fetchSimpleOauth2, throwsForStatus: false, elsewhere: "user" },
  { ...gaxiosGoogleAuth, throwsForStatus: true, elsewhere: "without-base" },
  { name: "@azure/msal-node", throwsForStatus: false, elsewhere: "user", connect: sendWithMsal },
  { name: "better-auth", throwsForStatus: false, elsewhere: "user", connect: sendWithBetterAuth, forget: forgetAccounts },
];
