import { defineProfile } from "../define-profile.ts";
import type { Provider } from "../provider-profile.ts";

// Customers, accounts, contracts and shops.

/** The day on which the pages were read. */
const read = "2026-11-27";

/** A connected app decides whether refresh tokens rotate. One comes only with the scope `refresh_token`. */
export const salesforce: Provider = /* @__PURE__ */ defineProfile({
  name: "Salesforce",
  rotation: "configurable",
  askFor: { scope: "refresh_token" },
  loginRequiredErrors: ["invalid_grant", "expired access/refresh token"],
  sources: [
    { facts: ["rotation"], url: "https://help.salesforce.com/apex/HTViewHelpDoc?id=remoteaccess_oauth_refresh_token_flow.htm", read },
    { facts: ["askFor"], url: "https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/api/apex_connector_oauth.htm", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/restforce/restforce/issues/81", read },
  ],
});

/** Its documentation says that a 401 does not mean that another token is needed. */
export const hubspot: Provider = /* @__PURE__ */ defineProfile({
  name: "HubSpot",
  rotation: "never",
  lifetime: 1800,
  refusalMeansRenewal: false,
  loginRequiredErrors: ["invalid_grant", "BAD_REFRESH_TOKEN"],
  sources: [
    {
      facts: ["rotation", "refusalMeansRenewal"],
      url: "https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/guide",
      read,
    },
    { facts: ["lifetime"], url: "https://www.skills.sh/jeremylongshore/tons-of-skills-marketplace/hubspot-auth", read },
    { facts: ["loginRequiredErrors"], url: "https://nango.dev/blog/hubspot-oauth-bad-refresh-token", read },
  ],
});

/** Its throttling comes as a refusal: 400 with the error "Access Denied". */
export const zoho: Provider = /* @__PURE__ */ defineProfile({
  name: "Zoho",
  rotation: "never",
  lifetime: 3600,
  askFor: { parameters: { access_type: "offline" } },
  loginRequiredErrors: ["invalid_code"],
  quota: { requests: 10, seconds: 600 },
  sources: [
    {
      facts: ["rotation", "lifetime", "quota"],
      url: "https://zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html",
      read,
    },
    { facts: ["askFor"], url: "https://www.zoho.com/projects/help/rest-api/faq/oauth.html", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/asciisd/zoho-v3/issues/14", read },
  ],
});

/** A refresh token works on for 30 minutes after its use. One comes only with the scope `offline_access`. */
export const xero: Provider = /* @__PURE__ */ defineProfile({
  name: "Xero",
  rotation: "always",
  grace: 1800,
  lifetime: 1800,
  askFor: { scope: "offline_access" },
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    { facts: ["rotation", "grace", "lifetime"], url: "https://developer.xero.com/faq/oauth2", read },
    { facts: ["askFor", "loginRequiredErrors"], url: "https://community.xero.com/developer/discussion/127920775", read },
  ],
});

/** The refresh token's value changes about once a day. */
export const quickbooks: Provider = /* @__PURE__ */ defineProfile({
  name: "QuickBooks",
  rotation: "always",
  lifetime: 3600,
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    { facts: ["rotation"], url: "https://github.com/airbytehq/airbyte/issues/7296", read },
    { facts: ["lifetime"], url: "https://github.com/IntuitDeveloper/OAuth2-Dotnet_UsingSDK/blob/master/docs/help/Tokens.md", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/intuit/oauth-jsclient/issues/77", read },
  ],
});

/** Sooner than in the last 30 seconds it refuses: 400 with "Rate limit exceeded: access_token not expired". */
export const exact: Provider = /* @__PURE__ */ defineProfile({
  name: "Exact Online",
  rotation: "always",
  lifetime: 600,
  earliestRefresh: 30,
  loginRequiredErrors: ["Old refresh token used"],
  sources: [
    { facts: ["rotation"], url: "https://github.com/picqer/exact-php-client/issues/300", read },
    { facts: ["lifetime", "earliestRefresh"], url: "https://github.com/PipedreamHQ/pipedream/issues/1655", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/picqer/exact-php-client/issues/549", read },
  ],
});

/** Offline access tokens of a shop. The old refresh token works until the new one is used, for 30 days at most; before August 2026 for an hour. */
export const shopify: Provider = /* @__PURE__ */ defineProfile({
  name: "Shopify",
  rotation: "always",
  grace: 3600,
  lifetime: 3600,
  askFor: { tokenParameters: { expiring: "1" } },
  sources: [
    { facts: ["grace"], url: "https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens", read },
    { facts: ["lifetime"], url: "https://shopify.dev/changelog/posts/offline-access-tokens-now-support-expiry-and-refresh", read },
    {
      facts: ["rotation"],
      url: "https://shopify.dev/docs/apps/build/security/credentials-and-data/use-expiring-offline-access-tokens",
      read,
    },
    { facts: ["askFor"], url: "https://github.com/Shopify/shopify-app-php/issues/12", read },
  ],
});

/** A refresh token lives on only with the scope `extended`. A refresh gives a new one. */
export const docusign: Provider = /* @__PURE__ */ defineProfile({
  name: "DocuSign",
  rotation: "always",
  lifetime: 28_800,
  askFor: { scope: "extended" },
  loginRequiredErrors: ["invalid_grant"],
  sources: [
    { facts: ["rotation"], url: "https://developers.docusign.com/platform/auth/reference/obtain-access-token", read },
    { facts: ["lifetime"], url: "https://github.com/docusign/docusign-esign-node-client/issues/338", read },
    { facts: ["askFor"], url: "https://docs.cortezaproject.org/corteza-docs/2020.12/extensions/docusign/about.html", read },
    { facts: ["loginRequiredErrors"], url: "https://github.com/docusign/postman-collections/issues/41", read },
  ],
});
