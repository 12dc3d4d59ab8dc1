export { bearer } from "./bearer.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
export type { FetchRequest } from "@tokenflight/core/fetch";
