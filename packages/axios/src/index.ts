export { attachBearer } from "./attach-bearer.ts";
export type { BearerOptions, TokenCacheSelector } from "@tokenflight/core";
