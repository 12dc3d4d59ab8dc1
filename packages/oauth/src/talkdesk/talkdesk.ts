import { bareTokenScheme, InvalidOptionError, readOptions, requireText, type AuthorizationScheme, type TokenSet } from "@tokenflight/core";
import { defineProfile } from "../providers/define-profile.ts";
import type { Provider } from "../providers/provider-profile.ts";
import { requireServerUrl } from "../server/authorization-server.ts";
import { advancedDialerRefused } from "./advanced-dialer.ts";
import { identityOriginOf, regionOf, type TalkdeskRegion } from "./regions.ts";

/** The options of `talkdesk`. */
export interface TalkdeskOptions {
  /** The account's name, as in `https://<account>.talkdeskid.com`. Required unless `identityOrigin` is given. Default: none. */
  account?: string | undefined;
  /** Where the account's data is. Default "us". "au" requires `apiOrigin`, which is not documented there. */
  region?: TalkdeskRegion | undefined;
  /** Where the APIs are. Default: the region's. An app for all customers takes it from an event's `_links.root`. */
  apiOrigin?: string | undefined;
  /** Where tokens come from. Default: the account's host in the region. */
  identityOrigin?: string | undefined;
}

/** What follows for one Talkdesk account: options for a client, a cache, a queue and an adapter. */
export interface Talkdesk extends Omit<Provider, "oauth" | "adapter"> {
  /** For `createOAuthClient({ ...talkdesk({ account }).oauth, clientId, ... })`. */
  readonly oauth: Provider["oauth"] & {
    /** The account's token endpoint. */
    readonly tokenEndpoint: string;
    /** The account's page for logins. */
    readonly authorizationEndpoint: string;
  };
  /** For the options of an adapter: the API's origin. */
  readonly adapter: {
    /** The API's origins in this region. */
    readonly origins: readonly string[];
  };
  /** The same for an STS token, which goes on requests without the word Bearer. */
  readonly sts: {
    /** The API's origins in this region. */
    readonly origins: readonly string[];
    /** Puts the token into the header without the word Bearer. */
    readonly scheme: AuthorizationScheme;
  };
  /** The same for Advanced Dialer, which refuses a token with a status code in the body. */
  readonly advancedDialer: {
    /** The origins of Advanced Dialer. */
    readonly origins: readonly string[];
    /** Finds the status code of its own that Advanced Dialer has in the body. */
    readonly refused: (response: unknown) => boolean | Promise<boolean>;
  };
  /** The origin of the API in this region. */
  readonly apiOrigin: string;
}

/**
 * Refresh tokens are single-use and have no grace, because nothing else is documented. After a scope was added, the token endpoint answers 401
 * for some minutes: that passes. Basic authentication takes the raw pair.
 */
export const talkdeskProvider: Provider = defineProfile({
  name: "Talkdesk",
  rotation: "always",
  grace: 0,
  lifetime: 600,
  basicEncoding: "raw",
  passingStatuses: [401],
});

/**
 * The settings for one Talkdesk account.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const { oauth, cache, adapter, basic } = talkdesk({ account: "acme", region: "eu" });
 * const client = createOAuthClient({ ...oauth, clientId, clientAuth: basic(secret) });
 * const tokens = createTokenCache({ ...cache, source: client.clientCredentials() });
 * attachBearer(api, tokens, adapter);
 * ```
 */
export function talkdesk(options: TalkdeskOptions): Talkdesk {
  const read = readOptions<TalkdeskOptions>("talkdesk", options, ["account", "region", "apiOrigin", "identityOrigin"]);
  const region = regionOf("talkdesk.region", read.region ?? "us");
  if (read.identityOrigin === undefined) requireText("talkdesk.account", read.account);
  const identity = read.identityOrigin ?? identityOriginOf("talkdesk.account", read.account ?? "", region);
  const api = read.apiOrigin ?? region.apiOrigin;
  if (api === undefined) throw new InvalidOptionError("talkdesk.apiOrigin", `the API's origin for the region "${read.region}"`, "nothing");
  const identityOrigin = requireOrigin("talkdesk.identityOrigin", identity);
  const apiOrigin = requireOrigin("talkdesk.apiOrigin", api);
  return talkdeskAt({
    tokenEndpoint: `${identityOrigin}/oauth/token`,
    authorizationEndpoint: `${identityOrigin}/oauth/authorize`,
    apiOrigin,
  });
}

/** The settings for URLs that have been checked. */
export function talkdeskAt(urls: { tokenEndpoint: string; authorizationEndpoint: string; apiOrigin: string }): Talkdesk {
  const { apiOrigin, ...endpoints } = urls;
  const adapter = { origins: [apiOrigin] };
  return {
    ...talkdeskProvider,
    oauth: { ...talkdeskProvider.oauth, ...endpoints },
    adapter,
    sts: { ...adapter, scheme: bareTokenScheme },
    advancedDialer: { ...adapter, refused: advancedDialerRefused },
    apiOrigin,
  };
}

/**
 * Returns the id of the Talkdesk session that the user of this token set logged in with, or undefined for an account's token set.
 *
 * @example
 * ```ts
 * const session = sessionIdOf(await tokens.get());
 * ```
 */
export function sessionIdOf(tokenSet: TokenSet): string | undefined {
  const { sid } = tokenSet.extra;
  return typeof sid === "string" && sid !== "" ? sid : undefined;
}

/** Reads an origin that secrets may be sent to. Throws InvalidOptionError. */
export function requireOrigin(where: string, value: unknown): string {
  const url = requireServerUrl(where, value);
  if (url.pathname !== "/" || url.search !== "") throw new InvalidOptionError(where, "an origin without a path", "one with a path");
  return url.origin;
}
