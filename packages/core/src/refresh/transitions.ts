import { pauseAfter } from "./backoff.ts";
import type { Clock } from "../clock.ts";
import { LoginRequiredError, TokenRequestError, type TokenflightError, type TokenRequestOutcome } from "../errors.ts";
import type { SubjectRecord } from "./record.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** A token request is about to be sent by `owner`, who counts as gone after being silent for `deadline` milliseconds. */
export function withIntent(record: SubjectRecord, owner: string, deadline: number): SubjectRecord {
  const isDoubtful = record.intent?.unresolved === true;
  return { ...record, intent: { owner, deadline, ...(isDoubtful ? { doubtful: true } : {}) } };
}

/**
 * The owner of the intent that stands is not acting any more. Either its request was never sent, or nobody knows what became of it; of
 * a request before it, the latter may be true all the same.
 */
export function withoutOwner(record: SubjectRecord, wasSent: boolean): SubjectRecord {
  const { intent } = record;
  const isOpen = intent !== undefined && (wasSent || intent.unresolved === true || intent.doubtful === true);
  return { ...record, intent: isOpen ? { owner: intent.owner, deadline: intent.deadline, unresolved: true } : undefined };
}

export function withTokens(record: SubjectRecord, tokens: TokenSet): SubjectRecord {
  return { generation: record.generation + 1, tokens };
}

/**
 * The token request failed. The token set stays as it was; the intent stays only when a refresh token was sent, now or before, and nobody
 * knows whether it was used up.
 */
export function withFailure(record: SubjectRecord, failure: TokenflightError, spends: boolean, clock: Clock): SubjectRecord {
  const { generation, tokens } = record;
  if (failure instanceof LoginRequiredError) {
    return { generation, tokens, loginRequired: { error: failure.error, errorDescription: failure.errorDescription } };
  }
  const outcome = outcomeOf(failure);
  const failures = (record.pause?.failures ?? 0) + 1;
  const retryAfter = failure instanceof TokenRequestError ? failure.retryAfter : undefined;
  return {
    generation,
    tokens,
    pause: { outcome, failures, duration: pauseAfter(outcome, failures, retryAfter, clock.random()), begun: clock.now() },
    intent: spends ? withoutOwner(record, outcome === "unknown").intent : undefined,
  };
}

function outcomeOf(failure: TokenflightError): TokenRequestOutcome {
  if (failure instanceof TokenRequestError) return failure.outcome;
  return failure.code === "ERR_REENTRANT_REFRESH" ? "not-sent" : "unknown";
}

/** Whether the same token request may be sent again soon, for those who wait already. */
export function mayRepeat(failure: TokenflightError): boolean {
  return failure instanceof TokenRequestError && (failure.outcome === "not-sent" || failure.outcome === "throttled");
}
