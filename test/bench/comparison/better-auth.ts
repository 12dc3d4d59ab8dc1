import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { genericOAuth } from "better-auth/plugins";
import { readJson } from "../contenders/clients/fetch-base.ts";
import type { Send, Setting } from "../contenders/clients/client-contender.ts";

const now = (): Date => new Date();
let database: Record<string, Record<string, unknown>[]> = {};

/** Another database: what instances shared is gone. */
export function forgetAccounts(): void {
  database = {};
}

/** The account of a user who has logged in at the provider "bench", in the database that all instances share. */
function addAccount({ held }: Setting): void {
  const dates = { createdAt: now(), updatedAt: now() };
  const user = { id: "ada", name: "Ada", email: "ada@app.example", emailVerified: true, ...dates };
  const tokens = { accessToken: held.accessToken, refreshToken: held.refreshToken, accessTokenExpiresAt: new Date(held.expiresAt) };
  const account = { id: "account", accountId: "ada", providerId: "bench", userId: "ada", scope: "", ...tokens, ...dates };
  Object.assign(database, { user: [user], account: [account], session: [], verification: [] });
}

/** As its documentation has it: ask for an access token before each request. It does not see the API's answers. */
export function sendWithBetterAuth(setting: Setting): Send {
  const { origin, tokenEndpoint } = setting;
  if (database["account"] === undefined) addAccount(setting);
  const auth = betterAuth({
    baseURL: "https://app.example",
    secret: "a secret of this comparison, long enough for it",
    database: memoryAdapter(database),
    logger: { disabled: true },
    telemetry: { enabled: false },
    plugins: [
      genericOAuth({
        config: [
          {
            providerId: "bench",
            clientId: "bench",
            clientSecret: "secret",
            authorizationUrl: `${origin}/authorize`,
            tokenUrl: tokenEndpoint,
            userInfoUrl: `${origin}/user`,
          },
        ],
      }),
    ],
  });
  return async (path) => {
    const { accessToken } = await auth.api.getAccessToken({ body: { accountId: "account", userId: "ada" } });
    return readJson(await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${accessToken}` } }));
  };
}
