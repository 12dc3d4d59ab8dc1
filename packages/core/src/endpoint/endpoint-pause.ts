import type { Clock } from "../clock.ts";
import { TokenRequestError } from "../errors.ts";

/** The patience that a token endpoint asked for. */
export class EndpointHold {
  readonly #clock: Clock;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Holds for `delay` milliseconds, or for longer when it holds for longer already. */
  begin(delay: number): void {
    this.#until = Math.max(this.#until, this.#clock.monotonic() + delay);
  }

  /** Milliseconds. */
  left(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /** Throws TokenRequestError while it lasts. */
  check(): void {
    const retryAfter = this.left();
    if (retryAfter > 0) throw new TokenRequestError("throttled", "The token endpoint asked for patience.", { retryAfter });
  }
}
