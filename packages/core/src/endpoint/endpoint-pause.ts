import type { Clock } from "../clock/clock.ts";
import { TokenRequestError } from "../errors/token-request-error.ts";

/** The pause that a token endpoint asked for: until it is over, no token request is sent there. */
export interface EndpointPause {
  /** Pauses for `duration` milliseconds from now, or longer if a longer pause is under way: every task fails as throttled. */
  pause(duration: number): void;
  /** Milliseconds until the pause is over. */
  pausedFor(): number;
}

/** `check` throws TokenRequestError during the pause. */
export function createEndpointPause(clock: Clock): EndpointPause & { readonly check: () => void } {
  let until = Number.NEGATIVE_INFINITY;
  let wallUntil = Number.NEGATIVE_INFINITY;
  // A wall clock that is set forwards ends the pause early, as fake timers mean it to.
  const pausedFor = (): number => Math.max(0, Math.min(until - clock.monotonic(), wallUntil - clock.now()));
  return {
    pausedFor,
    pause(duration) {
      until = Math.max(until, clock.monotonic() + duration);
      wallUntil = Math.max(wallUntil, clock.now() + duration);
    },
    check() {
      const retryAfter = pausedFor();
      if (retryAfter > 0) throw new TokenRequestError("throttled", "The token endpoint asked for a pause.", { retryAfter });
    },
  };
}
