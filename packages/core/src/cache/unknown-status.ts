import { ownOption } from "../platform/own.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import type { LoginStatus } from "./token-cache.ts";

/** Of a cache that cannot say, because it has not looked or is closed. */
export const unknownStatus: LoginStatus = { state: "unknown", expiresAt: undefined, scope: undefined };

/** Of a cache that shares its token sets with nobody and has had none yet: what the source says of itself is all there is. */
export function statusBySource(source: TokenSource): LoginStatus {
  return { ...unknownStatus, state: stateBySource(source) };
}

/** Without any tokens, a source that needs no login can give some, and one that needs a login cannot. */
export function stateBySource(source: TokenSource): LoginStatus["state"] {
  const requiresLogin = ownOption(source, "requiresLogin");
  if (typeof requiresLogin !== "boolean") return "unknown";
  return requiresLogin ? "logged-out" : "logged-in";
}
