export { bearer, type FetchWrapper } from "./bearer.ts";
export type { FetchFunction, FetchRequest } from "@tokenflight/core/fetch";
export type { BearerOptions, Tokens } from "@tokenflight/core";
