export { bearer, type FetchWrapper } from "./bearer.ts";
export type { FetchFunction, FetchRequest } from "@tokenflight/core/fetch";
export type { BearerOptions, TokenCacheSelector } from "@tokenflight/core";
