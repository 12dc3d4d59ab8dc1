import { expect, it } from "vitest";
import type { TokenSource } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { profiles } from "@tokenflight/oauth/profiles";
import { talkdesk } from "@tokenflight/oauth/talkdesk";

const anywhere = { tokenEndpoint: "https://auth.example.com/oauth/token", clientId: "id", clientAuth: noClientAuth() };
const clientOf = (options: Partial<OAuthClientOptions> = {}): OAuthClient => createOAuthClient({ ...anywhere, ...options });
const account = clientOf(talkdesk({ account: "acme" }).oauth);

/** What each source says of itself: whether it needs a login, whether a call uses a refresh token up, and for how long one works on. */
it.each<[string, TokenSource, requiresLogin: boolean, spendsRefreshToken: boolean, refreshTokenGrace?: number]>([
  ["client credentials", clientOf().clientCredentials(), false, false],
  ["a token exchange", clientOf().tokenExchange({ subjectToken: () => "subject" }), false, false],
  ["a signed assertion", clientOf().jwtBearer({ assertion: () => "assertion" }), false, false],
  ["a refresh token", clientOf().refreshToken(), true, true, 0],
  ["a refresh token with a grace time", clientOf({ refreshTokenGrace: 30 }).refreshToken(), true, true, 30],
  ["a reusable refresh token", clientOf({ refreshTokens: "reusable" }).refreshToken(), true, false, 0],
  ["a refresh token of Google's", clientOf(profiles.google.oauth).refreshToken(), true, false, 0],
  ["a refresh token of Okta's", clientOf(profiles.okta.oauth).refreshToken(), true, true, 30],
  ["an app of a Talkdesk account", account.clientCredentials(), false, false],
  ["a user of a Talkdesk account", account.refreshToken(), true, true, 0],
])("%s says whether it needs a login and what a call uses up", (_, source, requiresLogin, spendsRefreshToken, refreshTokenGrace) => {
  expect({ ...source }).toMatchObject({ requiresLogin, spendsRefreshToken });
  expect(source.refreshTokenGrace).toBe(refreshTokenGrace);
  expect(typeof source.revoke).toBe("function");
});

it("says it even where somebody has written something else to Object.prototype", () => {
  const said = { requiresLogin: true, spendsRefreshToken: true, refreshTokenGrace: 600 };
  Object.assign(Object.prototype, said);
  try {
    const source = clientOf().refreshToken();
    expect([source.requiresLogin, source.spendsRefreshToken, source.refreshTokenGrace]).toEqual([true, true, 0]);
    expect([clientOf().clientCredentials().requiresLogin, clientOf().clientCredentials().spendsRefreshToken]).toEqual([false, false]);
  } finally {
    for (const name of Object.keys(said)) delete (Object.prototype as Record<string, unknown>)[name];
  }
});
