export { bearer } from "./bearer.ts";
export type { UndiciResponse } from "./response.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
