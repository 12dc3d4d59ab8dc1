import type { ProviderName } from "@tokenflight/oauth/profiles";

/** An HTTP answer of a token endpoint. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How one provider's token endpoint answers. */
export interface ProviderAnswers {
  /** Fields of a good answer beside its tokens, as they are written there. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What a good answer is, given the tokens and their fields. Default: these. */
  readonly refreshed?: (tokens: object) => object;
  /** The same for the answer to a login's code. Default: as after a refresh. */
  readonly loggedIn?: (tokens: object) => object;
  /** To a refresh token that is dead. */
  readonly dead: ProviderAnswer;
  /** When it is asked too often. Default: 429. */
  readonly throttled?: ProviderAnswer;
  /** What else it may say without any session being over. */
  readonly passing?: readonly ProviderAnswer[];
}

const says = (status: number, body: unknown, headers?: Record<string, string>): ProviderAnswer => ({
  status,
  body,
  ...(headers && { headers }),
});
const invalidGrant = (error_description?: string, status = 400): ProviderAnswer =>
  says(status, { error: "invalid_grant", ...(error_description === undefined ? {} : { error_description }) });

/** Answers as they are documented, and as they stand in the threads that the profiles name as their sources. */
export const providerAnswers: Readonly<Record<ProviderName, ProviderAnswers>> = {
  auth0: { dead: invalidGrant("Unknown or invalid refresh token.", 403), passing: [says(403, { error: "access_denied" })] },
  okta: { dead: invalidGrant("The refresh token is invalid or expired.") },
  keycloak: {
    fields: { "not-before-policy": 0, refresh_expires_in: 1800, session_state: "5d2e" },
    dead: invalidGrant("Token is not active"),
  },
  cognito: { dead: invalidGrant() },
  entra: {
    fields: { ext_expires_in: 3600, scope: "User.Read profile openid" },
    dead: says(400, {
      error: "interaction_required",
      error_description: "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication.",
      error_codes: [50_076],
      suberror: "basic_action",
    }),
    passing: [says(400, { error: "temporarily_unavailable", error_codes: [90_033] })],
  },
  microsoft: {
    fields: { expires_in: "3600", ext_expires_in: "3600" },
    dead: says(400, {
      error: "invalid_grant",
      error_description: "AADSTS70000: The user could not be authenticated or user interaction is required.",
      error_codes: [70_000],
    }),
  },
  supabase: {
    fields: { token_type: "bearer", expires_at: 1_800_000_000, user: { id: "u" } },
    dead: says(400, { code: 400, error_code: "refresh_token_already_used", msg: "Invalid Refresh Token: Already Used" }),
    throttled: says(429, { code: 429, error_code: "over_request_rate_limit", msg: "Request rate limit reached" }),
  },
  salesforce: {
    // It says nothing of a lifetime, and has a time in milliseconds.
    fields: { expires_in: undefined, issued_at: "1700000000000", instance_url: "https://example.my.salesforce.com", signature: "c2ln" },
    dead: invalidGrant("expired access/refresh token"),
  },
  hubspot: {
    fields: { hub_id: 1, scopes: ["oauth"] },
    dead: says(400, { status: "BAD_REFRESH_TOKEN", message: "missing or invalid refresh token" }),
  },
  zoho: {
    fields: { api_domain: "https://www.zohoapis.example", token_type: "Bearer" },
    dead: says(200, { error: "invalid_code" }),
    throttled: says(429, ""),
    passing: [
      says(400, {
        error_description: "You have made too many requests continuously. Please try again after some time.",
        error: "Access Denied",
        status: "failure",
      }),
      says(200, { error: "invalid_client_secret" }),
    ],
  },
  xero: { fields: { scope: "openid accounting.transactions offline_access" }, dead: invalidGrant() },
  quickbooks: {
    fields: { x_refresh_token_expires_in: 8_726_400, token_type: "bearer" },
    dead: invalidGrant("Incorrect or invalid refresh token"),
  },
  exact: {
    // Its lifetime is a text.
    fields: { token_type: "bearer", expires_in: "600" },
    dead: says(400, { error: "invalid_request", error_description: "Old refresh token used." }),
    passing: [says(400, { error: "access_denied", error_description: "Rate limit exceeded: access_token not expired" })],
  },
  shopify: { fields: { scope: "read_orders,write_products", refresh_token_expires_in: 7_776_000 }, dead: invalidGrant() },
  docusign: { dead: invalidGrant("expired_client_token") },
  github: {
    fields: { token_type: "bearer", scope: "", refresh_token_expires_in: 15_897_600 },
    dead: says(200, {
      error: "bad_refresh_token",
      error_description: "The refresh token passed is incorrect or expired.",
      error_uri: "https://docs.example/bad-refresh-token",
    }),
    passing: [
      says(200, { error: "incorrect_client_credentials", error_description: "The client_id and/or client_secret passed are incorrect." }),
    ],
  },
  atlassian: {
    fields: { scope: "read:jira-work offline_access" },
    dead: says(403, { error: "unauthorized_client", error_description: "refresh_token is invalid" }),
    passing: [says(401, { error: "access_denied", error_description: "Unauthorized" })],
  },
  slack: {
    fields: { ok: true, token_type: "bot", scope: "chat:write,channels:read" },
    // Beside the user, of whom no token was asked for.
    loggedIn: (tokens) => ({ ...tokens, authed_user: { id: "U1" } }),
    dead: says(200, { ok: false, error: "invalid_refresh_token" }),
    throttled: says(429, { ok: false, error: "ratelimited" }),
    passing: [says(200, { ok: false, error: "internal_error" }), says(200, { ok: false, error: "fatal_error" })],
  },
  slackUser: {
    fields: { token_type: "user", scope: "search:read,users:read" },
    loggedIn: (tokens) => ({
      ok: true,
      access_token: "the-bot's",
      token_type: "bot",
      refresh_token: "the-bot's-refresh-token",
      expires_in: 43_200,
      authed_user: { id: "U1", ...tokens },
    }),
    refreshed: (tokens) => ({ ok: true, ...tokens, team: { id: "T1" } }),
    dead: says(200, { ok: false, error: "invalid_refresh_token" }),
    throttled: says(429, { ok: false, error: "ratelimited" }),
    passing: [says(200, { ok: false, error: "internal_error" })],
  },
  linear: { fields: { scope: "read,write" }, dead: invalidGrant() },
  notion: {
    fields: { expires_in: undefined, token_type: "bearer", bot_id: "b", owner: { type: "user", user: { object: "user", id: "u" } } },
    dead: invalidGrant(),
    passing: [says(400, { object: "error", status: 400, code: "validation_error", message: "body failed validation" })],
  },
  zoom: {
    fields: { token_type: "bearer", api_url: "https://api.zoom.example" },
    dead: says(400, { reason: "Invalid Token!", error: "invalid_grant" }),
    passing: [says(400, { reason: "Invalid client_id or client_secret", error: "invalid_client" })],
  },
  box: { fields: { token_type: "bearer", restricted_to: [] }, dead: invalidGrant("Refresh token has expired") },
  dropbox: { fields: { token_type: "bearer", uid: "1" }, dead: invalidGrant("refresh token is invalid or revoked") },
  google: { fields: { expires_in: 3599, scope: "openid email" }, dead: invalidGrant("Token has been expired or revoked.") },
  spotify: { fields: { scope: "user-read-email" }, dead: invalidGrant("Refresh token revoked") },
  twitch: {
    fields: { token_type: "bearer", scope: ["channel:moderate", "chat:edit"] },
    dead: says(400, { error: "Bad Request", status: 400, message: "Invalid refresh token" }),
    passing: [says(403, { status: 403, message: "invalid client secret" }), says(400, { status: 400, message: "missing client id" })],
  },
  discord: {
    dead: says(400, { error: "invalid_request", error_description: 'Invalid "refresh_token" in request.' }),
    passing: [says(400, { error: "invalid_request", error_description: 'Invalid "client_id" in request.' })],
  },
  linkedin: { fields: { refresh_token_expires_in: 500_000 }, dead: invalidGrant("Token has been expired or revoked.") },
  bluesky: {
    fields: { token_type: "DPoP", sub: "did:plc:abc", scope: "atproto transition:generic" },
    dead: invalidGrant("Refresh token replayed"),
    passing: [says(400, { error: "use_dpop_nonce", error_description: "Authorization server requires nonce in DPoP proof" })],
  },
  strava: {
    fields: { expires_at: 1_800_000_000 },
    dead: says(400, { message: "Bad Request", errors: [{ resource: "RefreshToken", field: "refresh_token", code: "invalid" }] }),
    throttled: says(429, { message: "Rate Limit Exceeded", errors: [{ resource: "Application", field: "rate limit", code: "exceeded" }] }),
    passing: [says(400, { message: "Bad Request", errors: [{ resource: "Application", field: "client_id", code: "invalid" }] })],
  },
  fitbit: {
    fields: { user_id: "A1", scope: "activity heartrate" },
    dead: says(400, {
      errors: [{ errorType: "invalid_grant", message: "Refresh token invalid. Visit https://dev.example for more information." }],
      success: false,
    }),
    passing: [says(401, { errors: [{ errorType: "invalid_client", message: "Invalid authorization header." }], success: false })],
  },
  withings: {
    fields: { userid: "1", scope: "user.metrics,user.activity" },
    refreshed: (tokens) => ({ status: 0, body: tokens }),
    dead: says(200, { status: 503, body: {}, error: "Invalid Params: invalid refresh_token" }),
    throttled: says(429, ""),
    passing: [
      says(200, { status: 601, body: {}, error: "Too Many Requests" }),
      says(200, { status: 503, body: {}, error: "Invalid Params: invalid client_id" }),
    ],
  },
};
