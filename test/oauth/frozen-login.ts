/** A program that is stopped in the middle of one thing that it waits for. It prints what came of it. */
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClient } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";

export interface FrozenSetting {
  readonly origin: string;
  readonly wait: keyof typeof waits;
}

/** Seconds. */
const timeout = 2;

const waits = {
  "the exchange of a code": (client: OAuthClient) => client.exchangeCode({ code: "code", redirectUri: "https://app.example/" }),
  "a refresh": async (client: OAuthClient) => {
    const tokens = createTokenCache({ source: client.refreshToken(), timeouts: { request: timeout } });
    await tokens.save({ access_token: "old", refresh_token: "r1", expires_in: 0.001 });
    return tokens.renew(await tokens.save({ access_token: "old", refresh_token: "r1" }));
  },
  "the user, at a browser of this machine": (client: OAuthClient) =>
    loopbackLogin(client, { timeout: 2 * timeout, open: (url) => console.log(`open ${url}`) }),
} as const;

const { origin, wait } = JSON.parse(process.argv[2] ?? "{}") as FrozenSetting;
const client = createOAuthClient({
  tokenEndpoint: `${origin}/token`,
  authorizationEndpoint: `${origin}/authorize`,
  clientId: "id",
  clientAuth: noClientAuth(),
  timeout,
});
const outcome = await waits[wait](client).then(
  ({ accessToken }) => accessToken,
  ({ code, reason }: { code?: string; reason?: string }) => `${code} ${reason ?? ""}`.trim(),
);
console.log(`outcome ${outcome}`);
