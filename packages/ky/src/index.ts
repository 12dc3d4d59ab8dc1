export { bearer, type KyRequest } from "./bearer.ts";
export type { BearerOptions, TokenCacheSelector } from "@tokenflight/core";
