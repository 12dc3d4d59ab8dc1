import {
  bareTokenScheme,
  InvalidOptionError,
  kindOf,
  readOptions,
  requireOneOf,
  requireSeconds,
  requireText,
  type FreshnessOptions,
} from "@tokenflight/core";
import { clientSecretBasic } from "../client-auth/client-secret.ts";
import { readAskFor, withAskedFor } from "./ask-for.ts";
import { clientOptions, type Provider, type ProviderProfile } from "./provider-profile.ts";
import { checkSources } from "./provider-source.ts";

const otherFacts = [
  "rotation",
  "grace",
  "oldAccessToken",
  "lifetime",
  "basicEncoding",
  "header",
  "refusalMeansRenewal",
  "tokenParameters",
  "askFor",
  "quota",
] as const;
const names = ["name", ...clientOptions, ...otherFacts, "sources"] as const;

/**
 * Makes a provider of a profile.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const mine = defineProfile({ name: "My server", rotation: "never", lifetime: 3600 });
 * const client = createOAuthClient({ ...mine.oauth, issuer, clientId, clientAuth: mine.basic(secret) });
 * ```
 */
export function defineProfile(profile: ProviderProfile): Provider {
  const read = readOptions<ProviderProfile>("defineProfile", profile, names);
  check(read);
  const { name, grace = 0, quota, basicEncoding = "rfc6749", header, refusalMeansRenewal = true } = read;
  const askFor = readAskFor("defineProfile.askFor", read.askFor);
  const tokenParameters = { ...read.tokenParameters, ...askFor.tokenParameters };
  const isReusable = read.rotation === "never" || grace === Number.POSITIVE_INFINITY;
  return {
    name,
    profile: Object.freeze({ ...read }),
    oauth: {
      refreshTokens: isReusable ? "reusable" : "single-use",
      ...(isReusable || grace === 0 ? {} : { refreshTokenGrace: grace }),
      ...Object.fromEntries(clientOptions.flatMap((option) => (read[option] === undefined ? [] : [[option, read[option]]]))),
      ...(Object.keys(tokenParameters).length === 0 ? {} : { tokenParameters }),
    },
    cache: { freshness: freshnessOf(read) },
    queue: quota === undefined ? {} : { concurrency: 1, interval: quota.seconds, intervalCap: quota.requests },
    adapter: {
      ...(header === "bare" ? { scheme: bareTokenScheme } : {}),
      ...(refusalMeansRenewal ? {} : { refused: () => false }),
    },
    askFor,
    forRefreshToken: (login) => withAskedFor(login, askFor),
    basic: (secret) => clientSecretBasic(secret, { encoding: basicEncoding }),
  };
}

function freshnessOf({ lifetime, earliestRefresh, oldAccessToken }: ProviderProfile): FreshnessOptions {
  return {
    ...(lifetime === undefined ? {} : { defaultLifetime: lifetime }),
    // The time is within what the server allows, with room for clocks that differ: from five sixths of it to a third.
    ...(earliestRefresh === undefined ? {} : { ahead: (earliestRefresh * 5) / 6, margin: earliestRefresh / 3 }),
    // After a refresh ahead, requests that are under way with the old token would be refused.
    ...(oldAccessToken === "dies" ? { ahead: 0 } : {}),
  };
}

function check(read: ProviderProfile): void {
  const at = (name: string): string => `defineProfile.${name}`;
  requireText(at("name"), read.name);
  if (read.rotation !== undefined) requireOneOf(at("rotation"), read.rotation, ["always", "configurable", "never"]);
  if (read.grace !== undefined && read.grace !== Number.POSITIVE_INFINITY) requireSeconds(at("grace"), read.grace);
  if (read.earliestRefresh !== undefined) requireSeconds(at("earliestRefresh"), read.earliestRefresh);
  if (read.oldAccessToken !== undefined) requireOneOf(at("oldAccessToken"), read.oldAccessToken, ["lives", "dies"]);
  if (read.lifetime !== undefined) requireSeconds(at("lifetime"), read.lifetime);
  if (read.basicEncoding !== undefined) requireOneOf(at("basicEncoding"), read.basicEncoding, ["raw", "rfc6749"]);
  if (read.header !== undefined) requireOneOf(at("header"), read.header, ["token-type", "bare"]);
  if (read.refusalMeansRenewal !== undefined && typeof read.refusalMeansRenewal !== "boolean") {
    throw new InvalidOptionError(at("refusalMeansRenewal"), "true or false", kindOf(read.refusalMeansRenewal));
  }
  for (const name of ["loginRequiredErrors", "passingStatuses", "tokenTypes", "bearerTypes"] as const) {
    if (read[name] !== undefined && !Array.isArray(read[name])) throw new InvalidOptionError(at(name), "an array", kindOf(read[name]));
  }
  if (read.requestFormat !== undefined) requireOneOf(at("requestFormat"), read.requestFormat, ["form", "json"]);
  checkSources(at("sources"), read.sources);
  if (read.quota === undefined) return;
  const { requests, seconds } = readOptions(at("quota"), read.quota, ["requests", "seconds"]);
  if (!(Number.isSafeInteger(requests) && requests > 0)) {
    throw new InvalidOptionError(at("quota.requests"), "a whole number above zero", kindOf(requests));
  }
  requireSeconds(at("quota.seconds"), seconds);
}
