import type { Clock } from "../clock.ts";
import type { TokenSet } from "../tokens/token-set.ts";

const firstPause = 1000;
const longestPause = 60_000;

/**
 * Keeps an API that refuses even brand-new tokens from causing a refresh per request. Replays report how they ended: a brand-new
 * token that was refused too starts a pause, which doubles each time until a replay succeeds.
 */
export class NewTokenTrust {
  readonly #clock: Clock;
  /** The brand-new token set that was refused last. */
  #refused: TokenSet | undefined;
  #until = 0;
  #refusals = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A replay with this token came back. Returns the pause that begins now, or undefined when none does. */
  report(tokens: TokenSet, accepted: boolean): number | undefined {
    if (accepted) {
      this.#refusals = 0;
      this.#refused = undefined;
      return undefined;
    }
    // Many replays with one token set were sent together; they are one refusal.
    if (this.#refused === tokens) return undefined;
    this.#refused = tokens;
    const pause = Math.min(firstPause * 2 ** this.#refusals, longestPause);
    this.#refusals += 1;
    this.#until = this.#clock.monotonic() + pause;
    return pause;
  }

  /** Whether refusals of this token cause no refresh now. */
  withholds(tokens: TokenSet): boolean {
    return this.#refused?.accessToken === tokens.accessToken && this.#clock.monotonic() < this.#until;
  }
}
