import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

type RawHeaders = Buffer[] | string[] | IncomingHttpHeaders | null;

/**
 * The one controller that a handler gets for its request: over the wait for a token, the first attempt and the replay. undici tells a
 * handler of an abort only through its controller, so there is one before there is an attempt. What a handler pauses stays paused in the
 * replay.
 */
export class RequestController implements Dispatcher.DispatchController {
  #aborter: AbortController | undefined;
  /**
   * undici's controller of the attempt in progress, or of the last one. After the attempt has ended it is not called: it would pause,
   * resume or abort the next request on the same connection.
   */
  #attempt: Dispatcher.DispatchController | undefined;
  #attemptIsOver = true;
  #isSuspended = false;
  /** Gives the handler what is held back, as far as it takes it. */
  #give: (() => void) | undefined;
  #paused = false;
  #aborted = false;
  #reason: Error | undefined;

  /** Aborts when the handler does. */
  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#aborted) this.#aborter.abort(this.#reason);
    return this.#aborter.signal;
  }

  /** Throws the handler's reason. */
  throwIfAborted(): void {
    if (this.#aborted) this.signal.throwIfAborted();
  }

  /** Ends the waits of now, which is no abort. */
  endWaits(): void {
    const aborter = this.#aborter;
    this.#aborter = undefined;
    aborter?.abort();
  }

  /** From here on, this attempt is what is paused, resumed and aborted. */
  startAttempt(attempt: Dispatcher.DispatchController): void {
    this.#attempt = attempt;
    this.#attemptIsOver = false;
    this.#isSuspended = false;
    if (this.#aborted) attempt.abort(this.#reason as Error);
    else if (this.#paused) attempt.pause();
  }

  /** An attempt that was given up may end when the next one has started. */
  endAttempt(attempt: Dispatcher.DispatchController | undefined): void {
    if (attempt === this.#attempt) this.#attemptIsOver = true;
  }

  /** A response flows whatever the handler says about its flow: that applies to what is given to the handler, with `give`, and then from `continue` on. */
  suspend(): void {
    this.#isSuspended = true;
    if (this.#paused) this.#attempt?.resume();
  }

  /** From here on, `give` is called when the handler resumes or aborts. */
  giveBy(give: () => void): void {
    this.#give = give;
  }

  continue(): void {
    this.#isSuspended = false;
    this.#give = undefined;
    if (this.#attemptIsOver) return;
    if (this.#paused) this.#attempt?.pause();
    else this.#attempt?.resume();
  }

  get aborted(): boolean {
    return this.#aborted || this.#attempt?.aborted === true;
  }

  get reason(): Error | null {
    return this.#reason ?? this.#attempt?.reason ?? null;
  }

  get paused(): boolean {
    return this.#paused;
  }

  abort(reason: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    // To undici, too, one that counts as false is none.
    this.#reason = reason || undefined;
    if (!this.#attemptIsOver) this.#attempt?.abort(reason);
    this.#aborter?.abort(this.#reason);
    this.#give?.();
  }

  pause(): void {
    this.#paused = true;
    if (!this.#isSuspended && !this.#attemptIsOver) this.#attempt?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#isSuspended && !this.#attemptIsOver) this.#attempt?.resume();
    this.#give?.();
  }

  // Interceptors such as cache and decompress write these.
  get rawHeaders(): RawHeaders {
    return this.#attempt?.rawHeaders ?? null;
  }

  set rawHeaders(headers: RawHeaders) {
    if (this.#attempt !== undefined) this.#attempt.rawHeaders = headers;
  }

  get rawTrailers(): RawHeaders {
    return this.#attempt?.rawTrailers ?? null;
  }

  set rawTrailers(trailers: RawHeaders) {
    if (this.#attempt !== undefined) this.#attempt.rawTrailers = trailers;
  }
}
