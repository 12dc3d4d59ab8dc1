export { refreshOnce, type RefreshOnceOptions, type RefreshOnceWrapper } from "./refresh-once.ts";
export type { PassedThroughReason, RefreshOnceEvent } from "./events.ts";
export type { TokenStore } from "@tokenflight/core";
