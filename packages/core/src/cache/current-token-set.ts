import type { Windows } from "../tokens/freshness.ts";
import type { SubjectRecord } from "../refresh/record.ts";
import type { SubjectParts } from "../refresh/subject-parts.ts";
import type { TokenSet } from "../tokens/token-set.ts";

const never = Number.NEGATIVE_INFINITY;
const over: Windows = { refreshAt: never, usableUntil: never };
/** After a refresh ahead that brought nothing, the next one waits at least this long. */
const shortestPutOff = 1000;

type Parts = Pick<SubjectParts, "freshness" | "clock">;

/** The token set that a cache has in its hands, and the two moments of its life: all in milliseconds. */
export class CurrentTokens {
  tokens: TokenSet | undefined;
  generation = 0;
  readonly #parts: Parts;
  /** Soft and hard expiry; both in the past while there is no token set to send. */
  #refreshAt = never;
  #usableUntil = never;
  #promise: Promise<TokenSet> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether the token set may be sent, and no refresh is due. */
  isFresh(now: number): boolean {
    return now < this.#refreshAt;
  }

  isUsable(now: number): boolean {
    return now < this.#usableUntil;
  }

  /** One promise for all who ask for this token set. */
  promise(tokens: TokenSet): Promise<TokenSet> {
    return (this.#promise ??= Promise.resolve(tokens));
  }

  /**
   * Makes the record's token set the current one, unless a newer one is. One that `stands` in the store goes before another of the same
   * generation: processes that went on without the store have each counted for themselves.
   */
  take({ generation, tokens }: SubjectRecord, stands = false): void {
    const isAnother = stands && tokens !== undefined && this.tokens !== undefined && tokens.accessToken !== this.tokens.accessToken;
    if (generation < this.generation || (generation === this.generation && !isAnother)) return;
    this.generation = generation;
    this.tokens = tokens;
    this.#promise = undefined;
    const { refreshAt, usableUntil } = this.#windows();
    this.#refreshAt = refreshAt;
    this.#usableUntil = usableUntil;
    // A source may give the same token set until its end: what comes with its soft expiry behind it is not asked for at each look.
    const now = this.#parts.clock.now();
    if (refreshAt <= now) this.putOff((usableUntil - now) / 2);
  }

  /** The token set is not sent until `release`. */
  holdBack(): void {
    this.#refreshAt = never;
    this.#usableUntil = never;
  }

  release(): void {
    this.#usableUntil = this.#windows().usableUntil;
  }

  /** No refresh ahead for a while; the token set is sent for as long as it is usable. */
  putOff(pause: number): void {
    this.#refreshAt = Math.min(this.#usableUntil, this.#parts.clock.now() + Math.max(pause, shortestPutOff));
  }

  #windows(): Windows {
    return this.tokens === undefined ? over : this.#parts.freshness(this.tokens);
  }
}
