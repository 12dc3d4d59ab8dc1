import type { Clock } from "../clock/clock.ts";
import { InvalidTokenResponseError, LoginRequiredError } from "../errors/refresh-errors.ts";
import { TokenRequestError, type TokenRequestOutcome } from "../errors/token-request-error.ts";
import type { TokenflightError } from "../errors/tokenflight-error.ts";
import { ownOnly } from "../platform/own.ts";
import { isRefreshToken } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { noteOf, type FailureNote } from "./failure-note.ts";
import { pauseAfter } from "./pause-after.ts";
import { inUse, ofLogin, withinRoom } from "./purposes.ts";
import { withSeed, type Intent, type SubjectRecord } from "./record.ts";

/** `owner` is about to send a token request. It counts as gone once it has been silent for `deadline` milliseconds. */
export function withIntent(record: SubjectRecord, given: Intent): SubjectRecord {
  const { owner, holder, deadline } = ownOnly(given);
  const isDoubtful = record.intent?.unresolved === true;
  const intent = ownOnly<Intent>({ owner, deadline, ...(holder && { holder }), ...(isDoubtful ? { doubtful: true } : {}) });
  return ownOnly({ ...record, intent });
}

/** Marks the owner of the intent as gone. The intent stays, unresolved, unless surely no refresh token was sent, now or before. */
export function withoutOwner(record: SubjectRecord, wasSent: boolean): SubjectRecord {
  const { intent } = record;
  const isOpen = intent !== undefined && (wasSent || intent.unresolved === true || intent.doubtful === true);
  return ownOnly({
    ...record,
    intent: isOpen ? ownOnly<Intent>({ owner: intent.owner, deadline: intent.deadline, unresolved: true }) : undefined,
  });
}

/** A refresh has brought a token set. It belongs to the lineage of the one before; the first one begins a lineage. */
export function withTokenSet(record: SubjectRecord, tokenSet: TokenSet, clock: Clock): SubjectRecord {
  const { seed, purpose } = record;
  const others = inUse(record.others, clock.now());
  return ownOnly({ ...next(record, clock), tokenSet, ...(purpose && { purpose }), ...(others && { others }), ...(seed && { seed }) });
}

/** A login, which `seed` names if it began with one, or a logout when there is no token set: whatever was there is over. */
export function withLogin(record: SubjectRecord, tokenSet: TokenSet | undefined, clock: Clock, seed?: string): SubjectRecord {
  const { generation, purpose } = record;
  // A seed stays known after the login that began with it, so that no later start takes it once more.
  const begun = seed === undefined ? record.seed : withSeed(record, seed);
  return ownOnly({
    lineage: newLineage(clock),
    generation: generation + 1,
    tokenSet,
    ...(purpose && { purpose }),
    ...(begun && { seed: begun }),
  });
}

/** The next generation of the same lineage. */
function next({ lineage, generation }: SubjectRecord, clock: Clock): Pick<SubjectRecord, "lineage" | "generation"> {
  return { lineage: generation === 0 ? newLineage(clock) : lineage, generation: generation + 1 };
}

/** Two lineages of one subject must differ, and nobody gains anything by guessing one. */
function newLineage(clock: Clock): string {
  return Math.floor(clock.random() * 2 ** 40).toString(36);
}

/** The token request failed. The intent stays if a refresh token was sent, now or before, and nobody knows whether it was used up. */
export function withFailure(record: SubjectRecord, failure: TokenflightError, spends: boolean, clock: Clock): SubjectRecord {
  const { pause: before, intent: _, loginRequired: __, ...kept } = record;
  const others = withinRoom(record, clock.now());
  const rest = { ...kept, ...(others && { others }) };
  if (failure instanceof LoginRequiredError)
    return ownOnly({ ...rest, loginRequired: ownOnly({ error: failure.error, errorDescription: failure.errorDescription }) });
  const outcome = outcomeOf(failure);
  const failures = (before?.failures ?? 0) + 1;
  const retryAfter = failure instanceof TokenRequestError ? failure.retryAfter : undefined;
  const { text: note, pause: duration = pauseAfter(outcome, failures, retryAfter, clock.random()) } =
    noteOf(failure) ?? ownOnly<FailureNote>({});
  const pause = ownOnly({ outcome, failures, duration, begun: clock.now(), ...(note && { note }) });
  const refreshToken = refreshTokenOf(failure);
  if (refreshToken !== undefined)
    return ownOnly({ ...rest, ...next(record, clock), tokenSet: withRefreshToken(record.tokenSet, refreshToken), pause });
  return ownOnly({ ...rest, pause, intent: spends ? withoutOwner(record, outcome === "unknown").intent : undefined });
}

/** The new refresh token that came with a failure: the one that was sent is used up, and the next request has this one. */
export function refreshTokenOf(failure: unknown): string | undefined {
  if (!(failure instanceof TokenRequestError || failure instanceof InvalidTokenResponseError)) return undefined;
  // A token source of the caller's may have made it.
  return isRefreshToken(failure.refreshToken) ? failure.refreshToken : undefined;
}

/** The old access token is sent for as long as it is good. */
function withRefreshToken(before: TokenSet | undefined, refreshToken: string): TokenSet {
  return ofLogin(before, { refreshToken, idToken: before?.idToken, extra: before?.extra });
}

function outcomeOf(failure: TokenflightError): TokenRequestOutcome {
  if (failure instanceof TokenRequestError) return failure.outcome;
  return failure.code === "ERR_REENTRANT_REFRESH" ? "not-sent" : "unknown";
}

/** Whether the same token request may be sent again soon, for the callers who wait already. */
export function mayRepeat(failure: TokenflightError): boolean {
  return failure instanceof TokenRequestError && (failure.outcome === "not-sent" || failure.outcome === "throttled");
}
