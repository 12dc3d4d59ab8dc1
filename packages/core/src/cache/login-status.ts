import { isLive, type SubjectRecord } from "../record/record.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import type { LoginStatus } from "./token-cache.ts";
import { stateBySource } from "./unknown-status.ts";

/** Says of a record that is known to stand whether a token can be had without a person. `refused`: the access token that a resource server refused last. */
export function statusOf(record: SubjectRecord, source: TokenSource, now: number, refused?: string): LoginStatus {
  const { tokenSet, loginRequired } = record;
  // While the login goes on, a refused token is replaced, or sent again where there is no other.
  const isGood = isLive(tokenSet, now) && (loginRequired === undefined || tokenSet?.accessToken !== refused);
  return {
    state: isGood ? "logged-in" : stateWithoutToken(record, source),
    expiresAt: tokenSet?.accessToken ? tokenSet.expiresAt : undefined,
    scope: tokenSet?.scope,
  };
}

/** Of a record whose access token is over. */
function stateWithoutToken({ generation, tokenSet, loginRequired }: SubjectRecord, source: TokenSource): LoginStatus["state"] {
  if (loginRequired !== undefined) return "logged-out";
  if (tokenSet?.refreshToken !== undefined) return "logged-in";
  const bySource = stateBySource(source);
  if (bySource !== "unknown") return bySource;
  // The source has not said. What it gave before it may give again; a logout has ended that.
  if (tokenSet !== undefined) return "logged-in";
  return generation === 0 ? "unknown" : "logged-out";
}
