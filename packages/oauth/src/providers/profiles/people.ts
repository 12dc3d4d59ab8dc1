import { defineProfile } from "../define-profile.ts";
import type { Provider } from "../provider-profile.ts";

// Accounts of private persons: mail, music, sports, health, talk.

/** The day on which the pages were read. */
const read = "2026-11-27";

/** A refresh token comes only with `access_type=offline` and a consent, and does not rotate. */
export const google: Provider = /* @__PURE__ */ defineProfile({
  name: "Google",
  rotation: "never",
  lifetime: 3600,
  askFor: { parameters: { access_type: "offline", prompt: "consent" } },
  loginRequiredErrors: ["invalid_grant", "Token has been expired or revoked."],
  sources: [
    { facts: ["rotation", "lifetime"], url: "https://github.com/googleapis/google-api-php-client/issues/1328", read },
    { facts: ["askFor"], url: "https://github.com/pdobsan/oama/issues/36", read },
    { facts: ["loginRequiredErrors"], url: "https://workos.com/blog/invalid-grant-oauth-errors-by-provider", read },
  ],
});

/** Since July 2026 a refresh token ends six months after the login, and a refresh gives no new one as a rule. */
export const spotify: Provider = /* @__PURE__ */ defineProfile({
  name: "Spotify",
  rotation: "configurable",
  lifetime: 3600,
  loginRequiredErrors: ["invalid_grant", "Refresh token revoked", "Invalid refresh token"],
  sources: [
    { facts: ["lifetime"], url: "https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens", read },
    { facts: ["rotation"], url: "https://github.com/music-assistant/server/pull/4516", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/ramsayleung/rspotify/issues/396", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/spotify/web-api/issues/1202", read },
  ],
});

/** A refresh gives a new refresh token. A dead one is told of in words of its own. */
export const twitch: Provider = /* @__PURE__ */ defineProfile({
  name: "Twitch",
  rotation: "always",
  loginRequiredErrors: ["Invalid refresh token"],
  sources: [{ facts: ["rotation", "loginRequiredErrors"], url: "https://dev.twitch.tv/docs/authentication/refresh-tokens/", read }],
});

/** A refresh gives a new refresh token. Access tokens live for a week. */
export const discord: Provider = /* @__PURE__ */ defineProfile({
  name: "Discord",
  rotation: "always",
  lifetime: 604_800,
  loginRequiredErrors: ["invalid_grant", 'Invalid "refresh_token" in request.'],
  sources: [
    { facts: ["rotation"], url: "https://github.com/discord/discord-api-docs/issues/5942", read },
    { facts: ["lifetime"], url: "https://sapphirejs.dev/docs/Guide/plugins/API/oauth2-refresh-token", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/member-gentei/member-gentei/issues/18", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/discord/discord-api-docs/issues/1650", read },
  ],
});

/** Access tokens live for 60 days. Refresh tokens do not rotate. */
export const linkedin: Provider = /* @__PURE__ */ defineProfile({
  name: "LinkedIn",
  rotation: "never",
  lifetime: 5_184_000,
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    {
      facts: ["rotation", "lifetime"],
      url: "https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens",
      read,
    },
    { facts: ["loginRequiredErrors"], url: "https://nango.dev/blog/linkedin-oauth-refresh-token-invalid-grant", read },
  ],
});

/** Its tokens are bound to a key (RFC 9449): client authentication and the adapter's `scheme` have to send proofs. */
export const bluesky: Provider = /* @__PURE__ */ defineProfile({
  name: "Bluesky",
  rotation: "always",
  tokenTypes: ["DPoP"],
  loginRequiredErrors: ["invalid_grant", "Refresh token replayed", "Invalid refresh token"],
  sources: [
    { facts: ["rotation", "tokenTypes"], url: "https://garden.desertthunder.dev/engineering/atproto/oauth/tokens/", read },
    { facts: ["rotation", "loginRequiredErrors"], url: "https://github.com/bluesky-social/atproto/issues/3637", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/bluesky-social/atproto/issues/4004", read },
  ],
});

/** Errors have no code of their own but the field that was wrong. */
export const strava: Provider = /* @__PURE__ */ defineProfile({
  name: "Strava",
  rotation: "always",
  lifetime: 21_600,
  loginRequiredErrors: ["refresh_token: invalid"],
  sources: [
    { facts: ["rotation"], url: "https://git.drupalcode.org/project/strava/-/merge_requests/4", read },
    { facts: ["lifetime"], url: "https://stravalib.readthedocs.io/en/v2.2/get-started/how-to-get-strava-data-python.html", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/dreeveapp/dreeve/issues/1449", read },
  ],
});

/** A refresh gives a new refresh token. Access tokens live for eight hours. */
export const fitbit: Provider = /* @__PURE__ */ defineProfile({
  name: "Fitbit",
  rotation: "always",
  lifetime: 28_800,
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    { facts: ["rotation", "lifetime"], url: "https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/home-assistant/core/issues/141223", read },
  ],
});

/** Everything comes with status 200 in an envelope, scopes with commas. The old refresh token works for eight hours, or until the new access token is used. */
export const withings: Provider = /* @__PURE__ */ defineProfile({
  name: "Withings",
  rotation: "always",
  grace: 28_800,
  lifetime: 10_800,
  tokensAt: "body",
  tokenParameters: { action: "requesttoken" },
  loginRequiredErrors: ["Invalid Params: invalid refresh_token"],
  sources: [
    {
      facts: ["rotation", "grace", "lifetime", "tokenParameters"],
      url: "https://developer.withings.com/developer-guide/v3/integration-guide/public-health-data-api/get-access/access-and-refresh-tokens-no-recover",
      read,
    },
    { facts: ["tokensAt"], url: "https://www.npmjs.com/package/withings-node-oauth2", read },
    // The thread has the number 503; the words beside it stand in the public code of several clients.
    { facts: ["loginRequiredErrors"], url: "https://github.com/jaroslawhartman/withings-sync/issues/41", read },
  ],
});
