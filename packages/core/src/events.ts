import type { TokenflightError } from "./errors.ts";
import type { TokenSet } from "./tokens/token-set.ts";
import type { RefreshReason, Urgency } from "./tokens/token-source.ts";

/** What happens to a subject's tokens. No event holds a secret; `token` is a fingerprint. Times are milliseconds. */
export type TokenEvent =
  /** The token source gave a new token set. */
  | {
      type: "token-obtained";
      token: string;
      expiresAt: number | undefined;
      generation: number;
      reason: RefreshReason;
      urgency: Urgency;
      duration: number;
    }
  /** Another cache or process had obtained this one; it was found in the store. */
  | { type: "token-adopted"; token: string; expiresAt: number | undefined; generation: number }
  | { type: "token-saved"; token: string; expiresAt: number | undefined; generation: number }
  | { type: "token-forgotten"; generation: number }
  /** A resource server refused the current token. Once per token, however many requests it refused. */
  | { type: "token-refused"; token: string }
  /** A replay with a brand-new token was refused too: refusals of it cause no refresh for `pause` milliseconds. */
  | { type: "new-token-refused"; token: string; pause: number }
  /** A token request failed; the next may be sent in `retryIn` milliseconds. */
  | { type: "refresh-failed"; reason: RefreshReason; error: TokenflightError; retryIn: number }
  /** Only a login helps from here on. Once, until the next `save`. */
  | { type: "login-required"; error: TokenflightError }
  | { type: "store-trouble"; operation: "read" | "write"; error: TokenflightError };

/** What every event about a new token set says of it. */
export function tokenFacts(tokens: TokenSet, generation: number): { token: string; expiresAt: number | undefined; generation: number } {
  return { token: tokens.fingerprint, expiresAt: tokens.expiresAt, generation };
}

export type Observer = (event: TokenEvent) => void;

const nobody: Observer = () => {};

/** An observer watches; what it throws is its own affair and never a caller's. */
export function guarded(observe: Observer | undefined): Observer {
  if (observe === undefined) return nobody;
  return (event) => {
    // A broken log line must not break a request, and an asynchronous one not the process.
    const ignore = (): void => {};
    try {
      const observed: unknown = observe(event);
      if (observed instanceof Promise) observed.catch(ignore);
    } catch {
      ignore();
    }
  };
}
