import type { Clock } from "../clock.ts";
import { LoginRequiredError, TokenRequestError, type TokenflightError, type TokenRequestOutcome } from "../errors.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { pauseAfter } from "./subject-pause.ts";
import type { SubjectRecord } from "./record.ts";

/** `owner` is about to send a token request. It counts as gone once it has been silent for `deadline` milliseconds. */
export function withIntent(record: SubjectRecord, owner: string, deadline: number): SubjectRecord {
  const isDoubtful = record.intent?.unresolved === true;
  return { ...record, intent: { owner, deadline, ...(isDoubtful ? { doubtful: true } : {}) } };
}

/** Marks the owner of the intent as gone. The intent stays, unresolved, unless surely no refresh token was sent, now or before. */
export function withoutOwner(record: SubjectRecord, wasSent: boolean): SubjectRecord {
  const { intent } = record;
  const isOpen = intent !== undefined && (wasSent || intent.unresolved === true || intent.doubtful === true);
  return { ...record, intent: isOpen ? { owner: intent.owner, deadline: intent.deadline, unresolved: true } : undefined };
}

export function withTokenSet(record: SubjectRecord, tokenSet: TokenSet): SubjectRecord {
  return { generation: record.generation + 1, tokenSet };
}

/** The token request failed. The intent stays if a refresh token was sent, now or before, and nobody knows whether it was used up. */
export function withFailure(record: SubjectRecord, failure: TokenflightError, spends: boolean, clock: Clock): SubjectRecord {
  const { generation, tokenSet } = record;
  if (failure instanceof LoginRequiredError)
    return { generation, tokenSet, loginRequired: { error: failure.error, errorDescription: failure.errorDescription } };
  const outcome = outcomeOf(failure);
  const failures = (record.pause?.failures ?? 0) + 1;
  const retryAfter = failure instanceof TokenRequestError ? failure.retryAfter : undefined;
  return {
    generation,
    tokenSet,
    pause: { outcome, failures, duration: pauseAfter(outcome, failures, retryAfter, clock.random()), begun: clock.now() },
    intent: spends ? withoutOwner(record, outcome === "unknown").intent : undefined,
  };
}

function outcomeOf(failure: TokenflightError): TokenRequestOutcome {
  if (failure instanceof TokenRequestError) return failure.outcome;
  return failure.code === "ERR_REENTRANT_REFRESH" ? "not-sent" : "unknown";
}

/** Whether the same token request may be sent again soon, for the callers who wait already. */
export function mayRepeat(failure: TokenflightError): boolean {
  return failure instanceof TokenRequestError && (failure.outcome === "not-sent" || failure.outcome === "throttled");
}
