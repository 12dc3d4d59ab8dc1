import { defineProfile, type Provider } from "./provider-profile.ts";

export { defineProfile, type Provider, type ProviderProfile } from "./provider-profile.ts";

export type ProviderName =
  | "auth0"
  | "cognito"
  | "entra"
  | "exact"
  | "github"
  | "google"
  | "hubspot"
  | "keycloak"
  | "okta"
  | "quickbooks"
  | "salesforce"
  | "slack"
  | "xero"
  | "zoho";

/**
 * What is known of how providers behave. Endpoints are not part of it: they differ by tenant and region, and most can be discovered. Where a
 * tenant can choose a behaviour, the strictest one is here.
 */
export const profiles: Readonly<Record<ProviderName, Provider>> = {
  auth0: defineProfile({ name: "Auth0", rotation: "configurable" }),
  okta: defineProfile({ name: "Okta", rotation: "configurable", grace: 30 }),
  keycloak: defineProfile({ name: "Keycloak", rotation: "configurable", lifetime: 300 }),
  cognito: defineProfile({ name: "Cognito", rotation: "configurable" }),
  /** A refresh gives a new refresh token, and the old one still works. Scopes of several resources must not be asked for at once. */
  entra: defineProfile({ name: "Entra ID", rotation: "always", grace: Number.POSITIVE_INFINITY, lifetime: 3600 }),
  google: defineProfile({ name: "Google", rotation: "never", lifetime: 3600 }),
  salesforce: defineProfile({ name: "Salesforce", rotation: "configurable" }),
  /** Its documentation says that a 401 does not mean that another token is needed. */
  hubspot: defineProfile({ name: "HubSpot", rotation: "never", lifetime: 1800, refusalMeansRenewal: false }),
  xero: defineProfile({ name: "Xero", rotation: "always", grace: 1800, lifetime: 1800 }),
  /** The refresh token's value changes about once a day. */
  quickbooks: defineProfile({ name: "QuickBooks", rotation: "always", lifetime: 3600 }),
  slack: defineProfile({
    name: "Slack",
    rotation: "always",
    lifetime: 43_200,
    loginRequiredErrors: ["invalid_grant", "invalid_refresh_token"],
  }),
  /** The tokens are those of a GitHub App for a user. Errors come with status 200. */
  github: defineProfile({
    name: "GitHub",
    rotation: "always",
    oldAccessToken: "dies",
    lifetime: 28_800,
    loginRequiredErrors: ["invalid_grant", "bad_refresh_token"],
  }),
  zoho: defineProfile({ name: "Zoho", rotation: "never", lifetime: 3600, quota: { requests: 10, seconds: 600 } }),
  exact: defineProfile({ name: "Exact Online", rotation: "always", lifetime: 600, earliestRefresh: 30 }),
};
