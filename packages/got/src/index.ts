export { bearer } from "./bearer.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
