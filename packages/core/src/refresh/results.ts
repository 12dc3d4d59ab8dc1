import { withDeadline } from "../clock/deadline.ts";
import { wait, waitFor } from "../clock/waits.ts";
import type { StoreError } from "../errors/refresh-errors.ts";
import type { TokenflightError } from "../errors/tokenflight-error.ts";
import { tokenFacts } from "../events.ts";
import { isSameResult, type SubjectRecord } from "../record/record.ts";
import { mayRepeat, refreshTokenOf, withFailure, withTokenSet } from "../record/transitions.ts";
import { TokenSet } from "../tokens/token-set.ts";
import { spends } from "../tokens/spending.ts";
import { createRounds, operationOf, type VersionedRecord } from "./cell.ts";
import type { HeldRecord } from "./held-record.ts";
import type { Refresh, SubjectParts } from "./refresh.ts";
import type { SubjectPause } from "./subject-pause.ts";

/** A refresh whose intent this process has written. */
export interface ClaimedRefresh {
  readonly parts: SubjectParts;
  readonly refresh: Refresh;
  readonly claim: VersionedRecord;
  /** When this process began to write the intent, by the monotonic clock. */
  readonly started: number;
  /** Whoever waits for the refresh to be finished waits for this as well. */
  readonly waitAlsoFor: (work: Promise<unknown>) => void;
}

/** What was written, or found instead. */
type Written = Pick<VersionedRecord, "version" | "record">;

/** What has become of token requests: each is written into the cell as its result, or noted there as a failure. */
export class Results {
  readonly #held: HeldRecord;
  readonly #pause: SubjectPause;
  /** How many the cell does not have yet. */
  #writing = 0;

  constructor(held: HeldRecord, pause: SubjectPause) {
    this.#held = held;
    this.#pause = pause;
  }

  get isBusy(): boolean {
    return this.#writing > 0;
  }

  /** Writes the result before anyone gets it. A store that is away delays it for the timeout of one token request at most. */
  async store(claimed: ClaimedRefresh, tokenSet: TokenSet): Promise<SubjectRecord> {
    const { parts, refresh, claim, started } = claimed;
    const { clock, observe } = parts;
    const { reason, urgency } = refresh;
    const answered = clock.monotonic();
    const next = withTokenSet(claim.record, tokenSet, clock);
    const { record } = await this.#write(claimed, next);
    if (record === next) {
      this.#held.own = next;
      refresh.obtainedAt = answered;
      observe({ type: "token-obtained", ...tokenFacts(tokenSet, next.generation), reason, urgency, duration: answered - started });
    }
    return record;
  }

  /** Writes until the cell has it. Resolves to what the cell holds in the end; to `next`, too, when the cell has not taken it in time. */
  async #write({ parts, claim, waitAlsoFor }: ClaimedRefresh, next: SubjectRecord): Promise<Written> {
    const { cell, clock, limits, lifetime, observe } = parts;
    this.#writing += 1;
    // Whoever closes waits for it for longer than its callers do, and also for one that comes late.
    const written = lifetime
      .finishLate(() => writeResult(parts, claim, next), cell)
      .catch((error: StoreError) => observe({ type: "store-trouble", operation: "write", error }))
      .finally(() => (this.#writing -= 1));
    waitAlsoFor(written);
    lifetime.keepAlive(written);
    const found = await withDeadline(clock, limits.requestTimeout, undefined, (signal) => waitFor(written, signal)).catch(() => {});
    // What the store has not taken yet is handed out all the same, and written on.
    if (found === undefined) this.#held.hold(next, undefined);
    else this.#held.learn(found, claim.record);
    return found ?? { version: undefined, record: next };
  }

  /** The token source has answered after its timeout. A new refresh token may be the only one that still works. */
  takeLate(claimed: ClaimedRefresh, late: TokenSet | TokenflightError): void {
    const { claim, parts } = claimed;
    if (late instanceof TokenSet) void this.store(claimed, late);
    else if (refreshTokenOf(late) !== undefined) void this.#write(claimed, withFailure(claim.record, late, true, parts.clock));
  }

  /** Notes a failure in the cell, for all who share it, and throws it unless the token request may be repeated. */
  async note(claimed: ClaimedRefresh, failure: TokenflightError): Promise<void> {
    const { parts, refresh, claim } = claimed;
    const { clock, queue, source, observe, limits } = parts;
    const noted = withFailure(claim.record, failure, spends(source, claim.record.tokenSet), clock);
    const isResult = refreshTokenOf(failure) !== undefined;
    const written = isResult ? await this.#write(claimed, noted) : await this.#writeNote(claimed, noted);
    // Another process was faster and has a newer token set: the failure only says that a race was lost.
    if (written?.record !== noted) return;
    if (noted.pause === undefined) {
      observe({ type: "login-required", error: failure });
      throw failure;
    }
    const { duration, outcome } = noted.pause;
    this.#pause.begin(noted.pause, written.version, failure);
    observe({ type: "refresh-failed", reason: refresh.reason, error: failure, retryIn: duration });
    if (outcome === "throttled") queue.pause(duration);
    refresh.failures += 1;
    if (!mayRepeat(failure) || duration > limits.requestTimeout || refresh.failures > limits.repeats) throw failure;
  }

  /** Tries once. Resolves to undefined when another process was faster. */
  async #writeNote({ parts, claim }: ClaimedRefresh, noted: SubjectRecord): Promise<Written | undefined> {
    try {
      const written = await parts.cell.replace(claim, noted);
      if (written !== undefined) this.#held.learn(written, claim.record);
      return written;
    } catch (error) {
      this.#held.hold(noted, claim.version);
      parts.observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
      return { version: claim.version, record: noted };
    }
  }
}

/**
 * Writes a result until the cell has it. Resolves to what the cell holds in the end, which is a newer record if this owner came too late; to
 * undefined if the store was closed. Rejects with StoreError when the store answers, and never takes it.
 */
export async function writeResult(parts: SubjectParts, claim: VersionedRecord, next: SubjectRecord): Promise<VersionedRecord | undefined> {
  const { cell, clock, limits, lifetime, observe } = parts;
  const anotherRound = createRounds(clock, limits);
  let seen = claim;
  for (let delay = 50; ;) {
    try {
      const written = await cell.replace(seen, next);
      if (written !== undefined) return written;
      // Another writer came since the claim.
      seen = await cell.read();
      // A store may have carried out a write whose reply was lost.
      if (isSameResult(seen.record, next)) return { ...seen, record: next };
      if (!isReplaceable(seen.record, claim.record)) return seen;
    } catch (error) {
      const trouble = error as StoreError;
      // What nobody can read is replaced by a login only.
      if (trouble.code === "ERR_STORE_RECORD_INVALID") throw trouble;
      observe({ type: "store-trouble", operation: operationOf(trouble), error: trouble });
      if (trouble.code === "ERR_CLOSED") return undefined;
      // A `close` waits for the result: it is tried again at once.
      await wait(clock, Math.min(delay, limits.writeDelay), lifetime.isClosed ? undefined : lifetime.closing);
      delay *= 2;
      continue;
    }
    await anotherRound();
  }
}

/** A newer generation stays, and another login. The intent or the pause of another process, an older generation, and a lost entry are replaced. */
function isReplaceable({ generation, lineage }: SubjectRecord, claimed: SubjectRecord): boolean {
  return generation === 0 || (generation <= claimed.generation && lineage === claimed.lineage);
}
