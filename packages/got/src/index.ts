export { bearer, type BearerExtension } from "./bearer.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
