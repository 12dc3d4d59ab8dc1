import { defineProfile } from "../define-profile.ts";
import type { Provider } from "../provider-profile.ts";

// Where people write, plan, meet and keep files.

/** The day on which the pages were read. */
const read = "2026-11-27";

/** The tokens are those of a GitHub App for a user. Errors come with status 200. */
export const github: Provider = /* @__PURE__ */ defineProfile({
  name: "GitHub",
  rotation: "always",
  oldAccessToken: "dies",
  lifetime: 28_800,
  loginRequiredErrors: ["invalid_grant", "bad_refresh_token"],
  sources: [
    {
      facts: ["rotation", "oldAccessToken", "lifetime"],
      url: "https://docs.github.com/en/developers/apps/refreshing-user-to-server-access-tokens",
      read,
    },
    { facts: ["loginRequiredErrors"], url: "https://github.com/orgs/community/discussions/24745", read },
  ],
});

/** A wrong client secret is `access_denied` there, so that `unauthorized_client` is about the refresh token. */
export const atlassian: Provider = /* @__PURE__ */ defineProfile({
  name: "Atlassian",
  rotation: "always",
  grace: 600,
  lifetime: 3600,
  askFor: { scope: "offline_access" },
  loginRequiredErrors: ["invalid_grant", "Unknown or invalid refresh token.", "unauthorized_client", "refresh_token is invalid"],
  sources: [
    { facts: ["rotation", "askFor"], url: "https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens", read },
    // The thread quotes Atlassian's documentation.
    { facts: ["grace", "loginRequiredErrors"], url: "https://github.com/microsoft/generative-ai-for-beginners/issues/342", read },
    { facts: ["lifetime"], url: "https://mrrefactoring.github.io/jira.js/api/interfaces/index.OAuth2TokenResponse.html", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/raycast/extensions/issues/11836", read },
    {
      facts: ["loginRequiredErrors"],
      url: "https://mrrefactoring.github.io/jira.js/api/functions/index.isReauthorizationRequired.html",
      read,
    },
  ],
});

/** The token of the app's bot, which is at the top of an answer; that of the user is `slackUser`. Errors come with status 200, scopes with commas. */
export const slack: Provider = /* @__PURE__ */ defineProfile({
  name: "Slack",
  rotation: "always",
  lifetime: 43_200,
  bearerTypes: ["bot"],
  loginRequiredErrors: ["invalid_grant", "invalid_refresh_token"],
  sources: [
    { facts: ["rotation", "lifetime", "bearerTypes"], url: "https://docs.slack.dev/authentication/using-token-rotation", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/slackapi/node-slack-sdk/issues/2038", read },
  ],
});

/** The user's token: a login gives it in `authed_user`, beside the bot's; a refresh gives it at the top. */
export const slackUser: Provider = /* @__PURE__ */ defineProfile({
  name: "Slack, user tokens",
  rotation: "always",
  lifetime: 43_200,
  bearerTypes: ["user"],
  tokensAt: "authed_user",
  loginRequiredErrors: ["invalid_grant", "invalid_refresh_token"],
  sources: [
    { facts: ["rotation", "lifetime", "bearerTypes", "tokensAt"], url: "https://docs.slack.dev/authentication/using-token-rotation", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/slackapi/node-slack-sdk/issues/2038", read },
  ],
});

/** Scopes are written with commas. */
export const linear: Provider = /* @__PURE__ */ defineProfile({
  name: "Linear",
  rotation: "always",
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    { facts: ["rotation"], url: "https://linear.app/developers/oauth-2-0-authentication", read },
    { facts: ["rotation", "loginRequiredErrors"], url: "https://nango.dev/blog/linear-oauth-refresh-token-invalid-grant", read },
  ],
});

/** Token requests are JSON. A refresh gives a new refresh token. */
export const notion: Provider = /* @__PURE__ */ defineProfile({
  name: "Notion",
  rotation: "always",
  requestFormat: "json",
  sources: [{ facts: ["rotation", "requestFormat"], url: "https://developers.notion.com/reference/refresh-a-token", read }],
});

/** A refresh gives a new refresh token. Access tokens live for an hour. */
export const zoom: Provider = /* @__PURE__ */ defineProfile({
  name: "Zoom",
  rotation: "always",
  lifetime: 3600,
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    {
      facts: ["rotation", "lifetime"],
      url: "https://raw.githubusercontent.com/anthropics/knowledge-work-plugins/main/partner-built/zoom-plugin/skills/oauth/concepts/token-lifecycle.md",
      read,
    },
    { facts: ["loginRequiredErrors"], url: "https://github.com/raycast/extensions/issues/10896", read },
  ],
});

/** A refresh gives a new refresh token. Access tokens live for an hour. */
export const box: Provider = /* @__PURE__ */ defineProfile({
  name: "Box",
  rotation: "always",
  lifetime: 3600,
  loginRequiredErrors: ["invalid_grant", "Refresh token has expired"],
  sources: [
    { facts: ["rotation"], url: "https://developer.box.com/guides/authentication/tokens/refresh", read },
    {
      facts: ["lifetime"],
      url: "https://support.box.com/hc/en-us/community/posts/360049134474-Regarding-Refresh-access-token-expiring-in-1-hour",
      read,
    },
    {
      facts: ["loginRequiredErrors"],
      url: "https://support.box.com/hc/en-us/community/posts/360049159714-Need-help-with-refresh-token-expiry-information-I-m-getting-Refresh-Token-has-expired-",
      read,
    },
  ],
});

/** A refresh token comes only with `token_access_type=offline`, and does not rotate. */
export const dropbox: Provider = /* @__PURE__ */ defineProfile({
  name: "Dropbox",
  rotation: "never",
  lifetime: 14_400,
  askFor: { parameters: { token_access_type: "offline" } },
  loginRequiredErrors: ["invalid_grant", "refresh token is invalid or revoked"],
  sources: [
    { facts: ["rotation", "lifetime"], url: "https://www.github.com/kunalvarma05/dropbox-php-sdk/issues/200", read },
    { facts: ["askFor"], url: "https://github.com/boly38/node-mongotools/issues/94", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/nextcloud/integration_dropbox/issues/34", read },
  ],
});
