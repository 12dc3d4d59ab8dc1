import { InvalidOptionError, kindOf, requireOneOf } from "@tokenflight/core";

/** Where an account's data is: the end of its addresses follows from it. */
export type TalkdeskRegion = "us" | "eu" | "ca" | "au";

interface Region {
  /** What follows the account's name. */
  readonly identityDomain: string;
  /** Undefined where the documentation does not say. */
  readonly apiOrigin: string | undefined;
}

const regions: Readonly<Record<TalkdeskRegion, Region>> = {
  us: { identityDomain: "talkdeskid.com", apiOrigin: "https://api.talkdeskapp.com" },
  eu: { identityDomain: "talkdeskid.eu", apiOrigin: "https://api.talkdeskapp.eu" },
  ca: { identityDomain: "talkdeskidca.com", apiOrigin: "https://api.talkdeskappca.com" },
  au: { identityDomain: "talkdeskid.au", apiOrigin: undefined },
};

/** Looks a region up. Throws InvalidOptionError. */
export function regionOf(where: string, region: TalkdeskRegion): Region {
  requireOneOf(where, region, Object.keys(regions));
  return regions[region];
}

/** Returns the region whose API is at this origin, or undefined when the table has none. */
export function regionAt(apiOrigin: string): TalkdeskRegion | undefined {
  return (Object.keys(regions) as TalkdeskRegion[]).find((name) => regions[name].apiOrigin === apiOrigin);
}

/** Returns the origin where an account's users and apps get their tokens. An account's name is one label of a host name. Throws InvalidOptionError. */
export function identityOriginOf(where: string, account: string, { identityDomain }: Region): string {
  if (typeof account !== "string" || !/^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(account)) {
    throw new InvalidOptionError(where, "an account's name, of letters, digits and hyphens", kindOf(account));
  }
  return `https://${account.toLowerCase()}.${identityDomain}`;
}
