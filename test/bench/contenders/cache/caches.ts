import type { CacheContender } from "./cache-contender.ts";

/** The floor first. Loaded when they are wanted. */
export async function peekContenders(): Promise<CacheContender[]> {
  return [
    (await import("./peek-floor.ts")).peekFloor,
    (await import("./peek-tokenflight.ts")).peekTokenflight,
    (await import("./peek-simple-oauth2.ts")).peekSimpleOauth2,
  ];
}

/** The floor first. Loaded when they are wanted. */
export async function getContenders(): Promise<CacheContender[]> {
  return [
    (await import("./get-floor.ts")).getFloor,
    (await import("./get-tokenflight.ts")).getTokenflight,
    (await import("./get-badgateway.ts")).getBadgateway,
    (await import("./get-google-auth.ts")).getGoogleAuth,
    (await import("./get-azure.ts")).getAzure,
  ];
}
