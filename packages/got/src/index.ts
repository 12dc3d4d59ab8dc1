export { bearer, type BearerExtension } from "./bearer.ts";
export type { BearerOptions, TokenCacheSelector } from "@tokenflight/core";
