import type { Clock } from "../clock/clock.ts";
import { emptyRecord, isSameTokenSet, isSuccessor, type SubjectRecord } from "../record/record.ts";
import type { SubjectParts } from "../refresh/refresh.ts";
import type { Expiries } from "../tokens/freshness.ts";
import type { TokenSet } from "../tokens/token-set.ts";

const longAgo = Number.NEGATIVE_INFINITY;
/** A small integer takes less room than an infinite number. */
const never = -1_000_000;
const nothingToSend: Expiries = { refreshAt: longAgo, usableUntil: longAgo };
/** After a refresh ahead that brought nothing new, the next one is at least this many milliseconds away. */
const shortestPause = 1000;
/** What was obtained so many milliseconds ago is as good as it gets. */
const news = 1000;

/** Whether a token source gave it less than a second ago, wherever that was, by the wall clock. */
export function wasJustObtained({ issuedAt }: TokenSet, clock: Pick<Clock, "now">): boolean {
  return Math.abs(clock.now() - issuedAt) < news;
}

/** The token set that a cache has in memory, and the two moments of its life. All times are in milliseconds. */
export class CurrentTokenSet {
  tokenSet: TokenSet | undefined;
  /** The record that it is from. */
  record: SubjectRecord = emptyRecord;
  /** Soft and hard expiry. Both are in the past while there is no token set to send. */
  refreshAt: number = longAgo;
  usableUntil: number = longAgo;
  readonly #parts: Pick<SubjectParts, "freshness" | "clock">;
  #promise: Promise<TokenSet> | undefined;
  /** When the token set came from the source, here or in another process, in whole milliseconds of the monotonic clock. */
  #obtainedAt = never;
  /** The same by the wall clock, in seconds: small integers take less room. */
  #obtainedSecond = 0;

  constructor(parts: Pick<SubjectParts, "freshness" | "clock">) {
    this.#parts = parts;
  }

  /** One promise for all callers who ask for this token set. */
  asPromise(tokenSet: TokenSet): Promise<TokenSet> {
    return (this.#promise ??= Promise.resolve(tokenSet));
  }

  /** Takes what is known of the record now. Returns whether that is another token set, or none in place of one, or one that the source has given again. */
  take(record: SubjectRecord, isResult = false): boolean {
    const isNew = isResult || !isSameTokenSet(record, this.record);
    const isRefreshed = isSuccessor(record, this.record);
    const { tokenSet } = record;
    this.record = record;
    if (!isNew && tokenSet?.refreshToken === this.tokenSet?.refreshToken) return false;
    this.tokenSet = tokenSet;
    this.#promise = undefined;
    if (!isNew) return false;
    ({ refreshAt: this.refreshAt, usableUntil: this.usableUntil } = this.#expiries());
    const now = this.#parts.clock.now();
    const wasObtained = tokenSet !== undefined && isRefreshed && wasJustObtained(tokenSet, this.#parts.clock);
    this.obtained(wasObtained ? this.#parts.clock.monotonic() - Math.max(0, now - tokenSet.issuedAt) : undefined);
    // A source may give the same token set until its end. One that is past its soft expiry when it comes is not asked for at each look.
    if (this.refreshAt <= now) this.postponeRefresh((this.usableUntil - now) / 2);
    return true;
  }

  /** A refresh of this cache brought the token set then, by the monotonic clock; undefined after a login. */
  obtained(at: number | undefined): void {
    this.#obtainedAt = at === undefined ? never : Math.round(at);
    this.#obtainedSecond = Math.floor(this.#parts.clock.now() / 1000);
  }

  /** Whether the source has given it less than a second ago, by both clocks, so that it has no better one. */
  get isNews(): boolean {
    const { clock } = this.#parts;
    return clock.monotonic() - this.#obtainedAt < news && clock.now() / 1000 - this.#obtainedSecond < 2;
  }

  get isWithheld(): boolean {
    return this.usableUntil === longAgo;
  }

  /** The token set is not sent until `release`. */
  withhold(): void {
    this.refreshAt = longAgo;
    this.usableUntil = longAgo;
  }

  release(): void {
    this.usableUntil = this.#expiries().usableUntil;
  }

  /** No refresh ahead begins during this pause. The token set is sent for as long as it is usable. */
  postponeRefresh(pause: number): void {
    const earliest = this.#parts.clock.now() + Math.max(pause, shortestPause);
    this.refreshAt = Math.min(this.usableUntil, Math.max(this.refreshAt, earliest));
  }

  #expiries(): Expiries {
    return this.tokenSet === undefined ? nothingToSend : this.#parts.freshness(this.tokenSet);
  }
}
