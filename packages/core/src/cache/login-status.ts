import type { SubjectRecord } from "../record/record.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import type { LoginStatus } from "./token-cache.ts";
import { stateBySource } from "./unknown-status.ts";

/** Says of a record that is known to stand whether a token can be had without a person. */
export function statusOf(record: SubjectRecord, source: TokenSource, now: number): LoginStatus {
  const { tokenSet } = record;
  return {
    state: stateOf(record, source, now),
    expiresAt: tokenSet?.accessToken ? tokenSet.expiresAt : undefined,
    scope: tokenSet?.scope,
  };
}

function stateOf({ generation, tokenSet, loginRequired }: SubjectRecord, source: TokenSource, now: number): LoginStatus["state"] {
  const isGood = tokenSet !== undefined && tokenSet.accessToken !== "" && (tokenSet.expiresAt === undefined || now < tokenSet.expiresAt);
  if (isGood) return "logged-in";
  if (loginRequired !== undefined) return "logged-out";
  if (tokenSet?.refreshToken !== undefined) return "logged-in";
  const bySource = stateBySource(source);
  if (bySource !== "unknown") return bySource;
  // The source has not said. What it gave before it may give again; a logout has ended that.
  if (tokenSet !== undefined) return "logged-in";
  return generation === 0 ? "unknown" : "logged-out";
}
