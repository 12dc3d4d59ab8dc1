export { bearer } from "./bearer.ts";
export type { UndiciResponse } from "./attempt.ts";
export type { BearerOptions, TokenCacheSelector } from "@tokenflight/core";
