import type { Clock } from "../clock.ts";
import { LoginRequiredError, TokenRequestError, type TokenflightError, type TokenRequestOutcome } from "../errors.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { pauseAfter } from "./subject-pause.ts";
import type { Intent, SubjectRecord } from "./record.ts";

/** `owner` is about to send a token request. It counts as gone once it has been silent for `deadline` milliseconds. */
export function withIntent(record: SubjectRecord, { owner, holder, deadline }: Intent): SubjectRecord {
  const isDoubtful = record.intent?.unresolved === true;
  return { ...record, intent: { owner, deadline, ...(holder && { holder }), ...(isDoubtful ? { doubtful: true } : {}) } };
}

/** Marks the owner of the intent as gone. The intent stays, unresolved, unless surely no refresh token was sent, now or before. */
export function withoutOwner(record: SubjectRecord, wasSent: boolean): SubjectRecord {
  const { intent } = record;
  const isOpen = intent !== undefined && (wasSent || intent.unresolved === true || intent.doubtful === true);
  return { ...record, intent: isOpen ? { owner: intent.owner, deadline: intent.deadline, unresolved: true } : undefined };
}

/** A refresh has brought a token set. It belongs to the lineage of the one before; the first one begins a lineage. */
export function withTokenSet({ lineage, generation }: SubjectRecord, tokenSet: TokenSet, clock: Clock): SubjectRecord {
  return { lineage: generation === 0 ? newLineage(clock) : lineage, generation: generation + 1, tokenSet };
}

/** A login, or a logout when there is no token set: whatever was there is over. */
export function withLogin({ generation }: SubjectRecord, tokenSet: TokenSet | undefined, clock: Clock): SubjectRecord {
  return { lineage: newLineage(clock), generation: generation + 1, tokenSet };
}

/** Two lineages of one subject must differ, and nobody gains anything by guessing one. */
function newLineage(clock: Clock): string {
  return Math.floor(clock.random() * 2 ** 40).toString(36);
}

/** The token request failed. The intent stays if a refresh token was sent, now or before, and nobody knows whether it was used up. */
export function withFailure(record: SubjectRecord, failure: TokenflightError, spends: boolean, clock: Clock): SubjectRecord {
  const { lineage, generation, tokenSet } = record;
  if (failure instanceof LoginRequiredError)
    return { lineage, generation, tokenSet, loginRequired: { error: failure.error, errorDescription: failure.errorDescription } };
  const outcome = outcomeOf(failure);
  const failures = (record.pause?.failures ?? 0) + 1;
  const retryAfter = failure instanceof TokenRequestError ? failure.retryAfter : undefined;
  return {
    lineage,
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
