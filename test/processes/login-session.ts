/** One of several sessions of a command-line tool that find nobody logged in. */
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, LoginError, noClientAuth, sharedLogin } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import type { LoginSessionCommands, LoginSessionSetting } from "./login-session-commands.ts";
import { openStore } from "./open-store.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";

const { store: setting, issuer, clientId, key } = readSetting<LoginSessionSetting>();
const client = createOAuthClient({ issuer, clientId, clientAuth: noClientAuth() });
const store = await openStore(setting);
const tokens = createTokenCache({ source: client.refreshToken(), store, key });

let next = Promise.withResolvers<string | undefined>();
const window = Promise.withResolvers<never>();
window.promise.catch(() => {});
let result: Promise<string> | undefined;

serveCommands({
  begin() {
    const options = { scope: "openid read", parameters: { prompt: "consent" } };
    const show = (url: string): void => (next.resolve(url), undefined);
    const shared = sharedLogin(
      store,
      key,
      (signal) => Promise.race([loopbackLogin(client, { ...options, signal, open: () => {}, show }), window.promise]),
      { tokens, waiting: () => next.resolve(undefined) },
    );
    result = shared.then(
      ({ accessToken }) => accessToken,
      (error: { code?: string; reason?: string }) => `${error.code} ${error.reason}`,
    );
  },
  async shown() {
    const ended = result?.then((text) => Promise.reject(new Error(`The login has ended before it showed a page: ${text}`)));
    const url = await Promise.race([next.promise, ...(ended === undefined ? [] : [ended])]);
    next = Promise.withResolvers();
    return url;
  },
  result: async () => result ?? "nothing was begun",
  cancel: () => window.reject(new LoginError("refused", "The user closed the window.")),
} satisfies LoginSessionCommands);
