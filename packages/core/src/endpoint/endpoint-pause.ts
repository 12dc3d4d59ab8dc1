import type { Clock } from "../clock.ts";
import { TokenRequestError } from "../errors.ts";

/** The pause that a token endpoint asked for: until it is over, no token request is sent there. */
export interface EndpointPause {
  /** Pauses for `duration` milliseconds from now, or longer if a longer pause is under way. */
  begin(duration: number): void;
  /** Milliseconds until the pause is over. */
  left(): number;
  /** Throws TokenRequestError during the pause. */
  check(): void;
}

export function createEndpointPause(clock: Clock): EndpointPause {
  let until = Number.NEGATIVE_INFINITY;
  const left = (): number => Math.max(0, until - clock.monotonic());
  return {
    left,
    begin: (duration) => (until = Math.max(until, clock.monotonic() + duration)),
    check() {
      if (left() > 0)
        throw new TokenRequestError("throttled", "The token endpoint asked for a pause, which is not over.", { retryAfter: left() });
    },
  };
}
