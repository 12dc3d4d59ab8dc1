import type { ClientContender } from "./client-contender.ts";

export const clientNames = ["axios", "got", "ky", "fetch", "undici", "gaxios", "azure"] as const;
export type ClientName = (typeof clientNames)[number];

/** The contenders of one client, the floor first. Loaded when they are wanted, so that each process holds one client. */
const contenders: Record<ClientName, () => Promise<ClientContender[]>> = {
  axios: async () => [
    (await import("./axios-static.ts")).axiosStatic,
    (await import("./axios-tokenflight.ts")).axiosTokenflight,
    (await import("./axios-bare-wrapper.ts")).axiosBareWrapper,
    (await import("./axios-textbook.ts")).axiosTextbook,
    (await import("./axios-auth-refresh.ts")).axiosAuthRefresh,
  ],
  got: async () => [
    (await import("./got-static.ts")).gotStatic,
    (await import("./got-tokenflight.ts")).gotTokenflight,
    (await import("./got-bare-function.ts")).gotBareFunction,
    (await import("./got-recipe.ts")).gotRecipe,
  ],
  ky: async () => [
    (await import("./ky-static.ts")).kyStatic,
    (await import("./ky-tokenflight.ts")).kyTokenflight,
    (await import("./ky-recipe.ts")).kyRecipe,
  ],
  fetch: async () => [
    (await import("./fetch-static.ts")).fetchStatic,
    (await import("./fetch-tokenflight.ts")).fetchTokenflight,
    (await import("./fetch-badgateway.ts")).fetchBadgateway,
    (await import("./fetch-simple-oauth2.ts")).fetchSimpleOauth2,
  ],
  undici: async () => [(await import("./undici-static.ts")).undiciStatic, (await import("./undici-tokenflight.ts")).undiciTokenflight],
  gaxios: async () => [(await import("./gaxios-static.ts")).gaxiosStatic, (await import("./gaxios-google-auth.ts")).gaxiosGoogleAuth],
  azure: async () => [(await import("./azure-static.ts")).azureStatic, (await import("./azure-bearer.ts")).azureBearer],
};

export function contendersOf(client: ClientName): Promise<ClientContender[]> {
  return contenders[client]();
}

/** The npm packages that a comparison of clients depends on. */
export const clientPackages: readonly string[] = [
  "axios",
  "axios-auth-refresh",
  "got",
  "ky",
  "undici",
  "@badgateway/oauth2-client",
  "simple-oauth2",
  "google-auth-library",
  "@azure/core-rest-pipeline",
];
