import type { SubjectRecord } from "../refresh/record.ts";
import type { SubjectParts } from "../refresh/subject-parts.ts";
import type { Expiries } from "../tokens/freshness.ts";
import type { TokenSet } from "../tokens/token-set.ts";

const longAgo = Number.NEGATIVE_INFINITY;
const nothingToSend: Expiries = { refreshAt: longAgo, usableUntil: longAgo };
/** After a refresh ahead that brought nothing new, the next one is at least this many milliseconds away. */
const shortestPause = 1000;

/** The token set that a cache has in memory, and the two moments of its life. All times are in milliseconds. */
export class CurrentTokenSet {
  tokenSet: TokenSet | undefined;
  generation = 0;
  /** Soft and hard expiry. Both are in the past while there is no token set to send. */
  refreshAt: number = longAgo;
  usableUntil: number = longAgo;
  readonly #parts: Pick<SubjectParts, "freshness" | "clock">;
  #promise: Promise<TokenSet> | undefined;

  constructor(parts: Pick<SubjectParts, "freshness" | "clock">) {
    this.#parts = parts;
  }

  /** One promise for all callers who ask for this token set. */
  asPromise(tokenSet: TokenSet): Promise<TokenSet> {
    return (this.#promise ??= Promise.resolve(tokenSet));
  }

  /** Takes a newer record; one that `isStored` also over another of its generation: processes without the store count for themselves. */
  take({ generation, tokenSet }: SubjectRecord, isStored = false): void {
    const isAnother =
      isStored && tokenSet !== undefined && this.tokenSet !== undefined && tokenSet.accessToken !== this.tokenSet.accessToken;
    if (generation < this.generation || (generation === this.generation && !isAnother)) return;
    this.generation = generation;
    this.tokenSet = tokenSet;
    this.#promise = undefined;
    ({ refreshAt: this.refreshAt, usableUntil: this.usableUntil } = this.#expiries());
    // A source may give the same token set until its end. One that is past its soft expiry when it comes is not asked for at each look.
    const now = this.#parts.clock.now();
    if (this.refreshAt <= now) this.postponeRefresh((this.usableUntil - now) / 2);
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
    this.refreshAt = Math.min(this.usableUntil, this.#parts.clock.now() + Math.max(pause, shortestPause));
  }

  #expiries(): Expiries {
    return this.tokenSet === undefined ? nothingToSend : this.#parts.freshness(this.tokenSet);
  }
}
