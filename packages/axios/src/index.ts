export { attachBearer } from "./attach-bearer.ts";
export type { BearerOptions, Tokens } from "@tokenflight/core";
