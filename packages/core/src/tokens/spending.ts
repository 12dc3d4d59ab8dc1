import { ownOption } from "../platform/own.ts";
import type { TokenSet } from "./token-set.ts";
import type { TokenSource } from "./token-source.ts";

/** Whether a second use of this refresh token may end the session. */
export function mayEndSession(source: TokenSource, previous: TokenSet | undefined): boolean {
  return spends(source, previous) && !((ownOption(source, "refreshTokenGrace") ?? 0) > 0);
}

/** Whether asking for the successor of this token set uses up its refresh token. */
export function spends(source: TokenSource, previous: TokenSet | undefined): boolean {
  const spendsRefreshToken = ownOption(source, "spendsRefreshToken");
  return spendsRefreshToken === "own" || (spendsRefreshToken !== false && previous?.refreshToken !== undefined);
}

/**
 * Whether this source may be asked while the store is away, so that nobody knows what else has been asked. One that has not said whether it spends a
 * refresh token may, once its token sets have shown that it has none: the login may stand in the store that is away.
 */
export function canDoWithoutStore(source: TokenSource, previous: TokenSet | undefined): boolean {
  const spendsRefreshToken = ownOption(source, "spendsRefreshToken");
  if (spendsRefreshToken === undefined) return previous !== undefined && previous.refreshToken === undefined;
  return !spendsRefreshToken && (ownOption(source, "requiresLogin") !== true || previous?.refreshToken !== undefined);
}
