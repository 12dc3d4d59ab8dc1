import type { Clock } from "../clock/clock.ts";
import { wait } from "../clock/waits.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { guarded } from "../events.ts";

/** Takes a promise for work that goes on in the background, and keeps the platform from ending before it has settled. It never rejects. */
export type KeepAlive = (work: Promise<unknown>) => void;

/** Is given a function that makes others wait for something more than its result. */
type Work<Result> = (waitAlsoFor: (other: Promise<unknown>) => void) => Promise<Result>;

/** Where the result is written. */
interface Place {
  keepOpen(work: Promise<unknown>): void;
}

const ignore = (): void => {};

/** The time from the construction of a cache, or of a pool with all its caches, until its `close`, and what is under way in it. */
export class Lifetime {
  readonly #clock: Clock;
  readonly #keepAlive: KeepAlive;
  /** Milliseconds for which work holds the process at most. Each part of it has a shorter deadline. */
  readonly #longest: number;
  readonly #closing = new AbortController();
  readonly #unfinished = new Set<Promise<void>>();
  isClosed = false;

  constructor(clock: Clock, longest: number, keepAlive: KeepAlive | undefined) {
    this.#clock = clock;
    this.#longest = longest;
    this.#keepAlive = guarded(keepAlive);
  }

  /** Aborts when `close` is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Throws TokenflightError, ERR_CLOSED. */
  requireOpen(): void {
    if (this.isClosed) throw new TokenflightError("ERR_CLOSED", "The token cache is closed.");
  }

  /**
   * Does what must not end in the middle, because its result has to be written: the process, the store and `close` wait for it. Throws
   * ERR_CLOSED, before anything has begun, when the cache or its store is closed.
   */
  async finish<Result>(work: Work<Result>, place: Place): Promise<Result> {
    this.requireOpen();
    return this.#finish(work, (settled) => place.keepOpen(settled));
  }

  /** The same for a result that comes late, perhaps after `close`: it is written if the store still takes it. */
  async finishLate<Result>(work: Work<Result>, place: Place): Promise<Result> {
    return this.#finish(work, (settled) => {
      try {
        place.keepOpen(settled);
      } catch {
        // A store that is closing may have time for one write.
      }
    });
  }

  async #finish<Result>(work: Work<Result>, keepOpen: (settled: Promise<void>) => void): Promise<Result> {
    let settle = ignore;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    keepOpen(settled);
    this.#unfinished.add(settled);
    const end = (): void => {
      release();
      this.#unfinished.delete(settled);
      settle();
    };
    // A store that is away may keep a result waiting for ever, and nobody waits for that.
    const release = this.#clock.schedule(end, this.#longest, true);
    const others: Promise<unknown>[] = [];
    const result = work((other) => void others.push(other));
    void result
      .catch(ignore)
      .then(() => Promise.allSettled(others))
      .then(end);
    return result;
  }

  /** Tells the platform of work that goes on when nobody waits for it. */
  keepAlive(work: Promise<unknown>): void {
    this.#keepAlive(work.catch(ignore));
  }

  /** Nothing begins any more. Resolves when everything is finished, or a platform must have dropped it. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.#closing.abort();
    if (this.#unfinished.size === 0) return;
    const over = new AbortController();
    const latest = wait(this.#clock, this.#longest, over.signal).then(() => over.abort());
    while (this.#unfinished.size > 0 && !over.signal.aborted) await Promise.race([Promise.all(this.#unfinished), latest]);
    over.abort();
  }
}
