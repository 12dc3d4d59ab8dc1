import { longestLateness } from "../clock/clock.ts";
import { scheduleEnd } from "../clock/deadline.ts";
import { waitFor } from "../clock/waits.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import type { Refresh, SubjectParts } from "../refresh/refresh.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** A refresh under way, and the promise that all who wait for it share. */
export interface PendingRefresh {
  readonly refresh: Refresh;
  readonly tokenSet: Promise<TokenSet>;
  /** What those wait with who join it in this turn of the event loop. */
  watch?: RefreshWatch | undefined;
}

/** What a watch tells of. */
export interface Watching {
  /** They wait on: told about once a second. */
  readonly waitsOn: () => void;
  /** The refresh is silent. */
  readonly onSilence: () => void;
}

type Found = Promise<TokenSet | undefined>;

/**
 * Waits for a refresh, and keeps the process alive meanwhile. It is silent, and no longer waited for, when it shows no sign of life: in a runtime that drops
 * whatever belongs to a request that has ended (workerd), it may be nobody's any more.
 *
 * One watch serves all who begin to wait in one turn of the event loop, with one timer, and one listener for each signal. It serves nobody else: what begins
 * in one turn belongs to one request, and the timer of another one would be dropped with that.
 */
export class RefreshWatch {
  readonly #found: Found;
  readonly #waits = new Map<AbortSignal | undefined, Found>();
  #cancelTimer = (): void => {};

  /** `isJoined`: the refresh was started by somebody else, whose request may have ended. The platform may then reject its promise itself. */
  constructor({ refresh, tokenSet }: PendingRefresh, { clock, limits }: SubjectParts, isJoined: boolean, watching: Watching) {
    const silence = new Promise<undefined>((resolve) => {
      const check = (): void => {
        watching.waitsOn();
        if (clock.monotonic() >= refresh.silentAfter) resolve(undefined);
        else watch();
      };
      // A process that was stopped finds every refresh silent at first.
      const watch = (): void => {
        this.#cancelTimer = scheduleEnd(clock, check, Math.min(longestLateness, limits.requestTimeout), true);
      };
      watch();
    });
    const drop = (): undefined => watching.onSilence() as undefined;
    this.#found = Promise.race([tokenSet, silence]).then(
      (found) => {
        this.#cancelTimer();
        return found ?? drop();
      },
      (error: unknown) => {
        this.#cancelTimer();
        if (!isJoined || TokenflightError.is(error)) throw error;
        return drop();
      },
    );
  }

  /** Resolves to undefined when the refresh is silent. Rejects with its error, or with the reason of the caller's signal. */
  wait(signal: AbortSignal | undefined): Found {
    let wait = this.#waits.get(signal);
    if (wait === undefined) {
      wait = waitFor(this.#found, signal);
      this.#waits.set(signal, wait);
      // Who has no signal waits to the end.
      if (signal !== undefined) {
        const leave = (): void => this.#leave(signal);
        wait.then(leave, leave);
      }
    }
    return wait;
  }

  /** The timer would keep the process alive although nobody waits. */
  #leave(signal: AbortSignal): void {
    this.#waits.delete(signal);
    if (this.#waits.size === 0) this.#cancelTimer();
  }
}
