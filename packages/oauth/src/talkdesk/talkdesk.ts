import { bareTokenScheme, InvalidOptionError, readOptions, requireText, type AuthorizationScheme } from "@tokenflight/core";
import { defineProfile, type Provider } from "../providers/provider-profile.ts";
import { requireServerUrl } from "../server/server-url.ts";
import { advancedDialerRefused } from "./advanced-dialer.ts";
import { identityOriginOf, regionOf, type TalkdeskRegion } from "./regions.ts";

export interface TalkdeskOptions {
  /** The account's name, as in `https://<account>.talkdeskid.com`. Required unless `identityOrigin` is given. */
  account?: string | undefined;
  /** Default "us". "au" asks for `apiOrigin`, which is not documented there. */
  region?: TalkdeskRegion | undefined;
  /** Where the APIs are. Default: the region's. An app for all customers takes it from an event's `_links.root`. */
  apiOrigin?: string | undefined;
  /** Where tokens come from. Default: the account's host in the region. */
  identityOrigin?: string | undefined;
}

/** Talkdesk, in the words of those who take it: `{ ...talkdesk({ account }).client, clientId, ... }`. */
export interface Talkdesk extends Omit<Provider, "client" | "bearer"> {
  readonly client: Provider["client"] & { readonly tokenEndpoint: string; readonly authorizationEndpoint: string };
  /** For the options of an adapter: the API's origin. */
  readonly bearer: { readonly origins: readonly string[] };
  /** The same for an STS token, which goes on requests without the word Bearer. */
  readonly sts: { readonly origins: readonly string[]; readonly scheme: AuthorizationScheme };
  /** The same for Advanced Dialer, which has a way of its own to refuse a token. */
  readonly advancedDialer: {
    readonly origins: readonly string[];
    readonly refused: (response: unknown) => boolean | Promise<boolean>;
  };
  readonly apiOrigin: string;
}

/**
 * Single-use refresh tokens without grace, because nothing else is documented. A scope that was just added makes the token endpoint answer
 * 401 for some minutes: that passes. Basic takes the raw pair.
 */
export const talkdeskProvider: Provider = defineProfile({
  name: "Talkdesk",
  rotation: "always",
  grace: 0,
  lifetime: 600,
  basicEncoding: "raw",
  passingStatuses: [401],
});

/** The settings for one Talkdesk account. Throws InvalidOptionError. */
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

/** The same for known URLs, which have been checked. */
export function talkdeskAt(urls: { tokenEndpoint: string; authorizationEndpoint: string; apiOrigin: string }): Talkdesk {
  const { apiOrigin, ...endpoints } = urls;
  const bearer = { origins: [apiOrigin] };
  return {
    ...talkdeskProvider,
    client: { ...talkdeskProvider.client, ...endpoints },
    bearer,
    sts: { ...bearer, scheme: bareTokenScheme },
    advancedDialer: { ...bearer, refused: advancedDialerRefused },
    apiOrigin,
  };
}

/** Throws InvalidOptionError. */
export function requireOrigin(where: string, value: unknown): string {
  const url = requireServerUrl(where, value);
  if (url.pathname !== "/" || url.search !== "") throw new InvalidOptionError(where, "an origin without a path", "one with a path");
  return url.origin;
}
