export { bearer, type KyRequest } from "./bearer.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
