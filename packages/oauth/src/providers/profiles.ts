import * as business from "./profiles/business.ts";
import * as identity from "./profiles/identity-services.ts";
import * as people from "./profiles/people.ts";
import * as work from "./profiles/work.ts";
import type { Provider } from "./provider-profile.ts";

export type { AskFor } from "./ask-for.ts";
export { defineProfile } from "./define-profile.ts";
export type { Provider, ProviderFact, ProviderProfile } from "./provider-profile.ts";
export type { ProviderSource } from "./provider-source.ts";
// One by one, so that a bundle has only those that are used.
export * from "./profiles/business.ts";
export * from "./profiles/identity-services.ts";
export * from "./profiles/people.ts";
export * from "./profiles/work.ts";

/** The names of all providers that `profiles` has. */
export type ProviderName = keyof typeof business | keyof typeof identity | keyof typeof people | keyof typeof work;

/**
 * What is known of how providers behave, all of it. Endpoints are not part of it: they differ by tenant and region, and most can be discovered. What was
 * not found in documentation or in threads of those who have met it is left out, which is the cautious assumption (`ProviderProfile`).
 */
export const profiles: Readonly<Record<ProviderName, Provider>> = { ...identity, ...business, ...work, ...people };
