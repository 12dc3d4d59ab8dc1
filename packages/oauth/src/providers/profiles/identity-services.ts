import { defineProfile } from "../define-profile.ts";
import type { Provider } from "../provider-profile.ts";

// Where users log in to the applications of others. Where a tenant can choose a behaviour, the strictest one is here.

/** The day on which the pages were read. */
const read = "2026-11-27";

/** A tenant decides whether refresh tokens rotate. One comes only with the scope `offline_access`. */
export const auth0: Provider = /* @__PURE__ */ defineProfile({
  name: "Auth0",
  rotation: "configurable",
  askFor: { scope: "offline_access" },
  sources: [
    {
      facts: ["rotation", "askFor"],
      url: "https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation",
      read,
    },
  ],
});

/** An app decides whether refresh tokens rotate. One works on for 30 seconds after its use, and comes only with the scope `offline_access`. */
export const okta: Provider = /* @__PURE__ */ defineProfile({
  name: "Okta",
  rotation: "configurable",
  grace: 30,
  askFor: { scope: "offline_access" },
  sources: [{ facts: ["rotation", "grace", "askFor"], url: "https://developer.okta.com/docs/guides/refresh-tokens/main/", read }],
});

/** A realm decides whether refresh tokens rotate. Access tokens live for five minutes. */
export const keycloak: Provider = /* @__PURE__ */ defineProfile({
  name: "Keycloak",
  rotation: "configurable",
  lifetime: 300,
  sources: [{ facts: ["rotation", "lifetime"], url: "https://phasetwo.io/docs/security/tokens-and-sessions/", read }],
});

/** User pools. An app client decides whether refresh tokens rotate. */
export const cognito: Provider = /* @__PURE__ */ defineProfile({
  name: "Cognito",
  rotation: "configurable",
  sources: [
    {
      facts: ["rotation"],
      url: "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html",
      read,
    },
  ],
});

/** Work and school accounts. A refresh gives a new refresh token, and the old one still works. Scopes of several resources must not be asked for at once. */
export const entra: Provider = /* @__PURE__ */ defineProfile({
  name: "Entra ID",
  rotation: "always",
  grace: Number.POSITIVE_INFINITY,
  lifetime: 3600,
  askFor: { scope: "offline_access" },
  loginRequiredErrors: ["invalid_grant", "interaction_required", "consent_required", "login_required", "bad_token"],
  sources: [
    { facts: ["rotation", "grace"], url: "https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens", read },
    {
      facts: ["lifetime", "askFor"],
      url: "https://learn.microsoft.com/en-us/answers/questions/1526860/refresh-token-is-not-coming-along-with-access-toke",
      read,
    },
    {
      facts: ["loginRequiredErrors"],
      url: "https://learn.microsoft.com/en-us/javascript/api/@azure/msal-node/interactionrequiredautherrorcodes?view=msal-js-latest",
      read,
    },
  ],
});

/** Personal accounts, which the endpoint `consumers` serves. */
export const microsoft: Provider = /* @__PURE__ */ defineProfile({
  name: "Microsoft personal accounts",
  rotation: "always",
  grace: Number.POSITIVE_INFINITY,
  askFor: { scope: "offline_access" },
  loginRequiredErrors: ["invalid_grant", "interaction_required"],
  sources: [
    { facts: ["rotation", "grace"], url: "https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens", read },
    {
      facts: ["askFor"],
      url: "https://learn.microsoft.com/en-us/answers/questions/1526860/refresh-token-is-not-coming-along-with-access-toke",
      read,
    },
    {
      facts: ["loginRequiredErrors"],
      url: "https://github.com/MicrosoftDocs/azure-docs/issues/99814",
      read,
    },
    {
      facts: ["loginRequiredErrors"],
      url: "https://learn.microsoft.com/en-us/javascript/api/@azure/msal-node/interactionrequiredautherrorcodes?view=msal-js-latest",
      read,
    },
  ],
});

/** Its token endpoint has the grant type in its URL as well: `https://….supabase.co/auth/v1/token?grant_type=refresh_token`. */
export const supabase: Provider = /* @__PURE__ */ defineProfile({
  name: "Supabase",
  rotation: "always",
  requestFormat: "json",
  loginRequiredErrors: [
    "invalid_grant",
    "refresh_token_already_used",
    "session_expired",
    "session_not_found",
    "user_banned",
    "Invalid Refresh Token: Refresh Token Not Found",
    "Invalid Refresh Token: Already Used",
  ],
  sources: [
    { facts: ["rotation"], url: "https://supabase.com/docs/guides/auth/sessions", read },
    { facts: ["requestFormat"], url: "https://github.com/supabase/auth/blob/007324cb9607095eadd09a45fd52a37035959bb0/README.md", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/supabase-community/gotrue-py/issues/353", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/supabase/supabase-js/issues/805", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/orgs/supabase/discussions/52614", read },
    {
      facts: ["loginRequiredErrors"],
      url: "https://github.com/supabase/auth/blob/058836f4264993cd9f7bcbaa0dcb0f63316c540e/internal/tokens/service.go",
      read,
    },
  ],
});
