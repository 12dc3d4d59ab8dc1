import type { Clock } from "../clock/clock.ts";
import type { TokenSet } from "../tokens/token-set.ts";

const firstPause = 1000;
const longestPause = 60_000;

/** Keeps an API that refuses even brand-new tokens from causing a refresh for each request: each such refusal starts a longer pause. */
export class NewTokenRefusals {
  readonly #clock: Clock;
  /** The brand-new token set that was refused last. */
  #refused: TokenSet | undefined;
  #until = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A replay with this token set has ended. Returns the pause in milliseconds that begins now, or undefined when none does. */
  report(tokenSet: TokenSet, accepted: boolean): number | undefined {
    if (accepted) {
      this.#count = 0;
      this.#refused = undefined;
      return undefined;
    }
    // Many replays with one token set were sent together. They are one refusal.
    if (this.#refused === tokenSet) return undefined;
    this.#refused = tokenSet;
    const pause = Math.min(firstPause * 2 ** this.#count, longestPause);
    this.#count += 1;
    this.#until = this.#clock.monotonic() + pause;
    return pause;
  }

  /** Whether the pause after the refusal of this token set is under way, so that refusing it again causes no refresh. */
  isPaused(tokenSet: TokenSet): boolean {
    return this.#refused?.accessToken === tokenSet.accessToken && this.#clock.monotonic() < this.#until;
  }
}
