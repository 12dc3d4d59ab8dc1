import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

type RawHeaders = Buffer[] | string[] | IncomingHttpHeaders | null;

/**
 * The controller that a handler holds for the whole exchange: over the wait for a token, the request and its replay. undici tells a handler
 * of an abort only through it, so it is there before the first request is. What a handler pauses stays paused over all of them.
 */
export class ExchangeController implements Dispatcher.DispatchController {
  #waiting: AbortController | undefined;
  /** The request under way, or the one before; whatever is said to a request that is over would be heard by the next on its connection. */
  #current: Dispatcher.DispatchController | undefined;
  #isOver = true;
  #isHeld = false;
  #paused = false;
  #aborted = false;
  #reason: Error | undefined;

  /** Aborts when the handler does. */
  get signal(): AbortSignal {
    this.#waiting ??= new AbortController();
    if (this.#aborted) this.#waiting.abort(this.#reason);
    return this.#waiting.signal;
  }

  /** From here on this request is the one that is paused, resumed and aborted. */
  follow(current: Dispatcher.DispatchController): void {
    this.#current = current;
    this.#isOver = false;
    this.#isHeld = false;
    if (this.#aborted) current.abort(this.#reason as Error);
    else if (this.#paused) current.pause();
  }

  /** The response waits for a decision: whatever the handler says about its flow holds from `letGo` on. */
  hold(): void {
    this.#isHeld = true;
    this.#current?.pause();
  }

  letGo(): void {
    this.#isHeld = false;
    if (!this.#paused && !this.#isOver) this.#current?.resume();
  }

  /** The request that is followed came to its end. */
  end(): void {
    this.#isOver = true;
  }

  get aborted(): boolean {
    return this.#aborted || this.#current?.aborted === true;
  }

  get reason(): Error | null {
    return this.#reason ?? this.#current?.reason ?? null;
  }

  get paused(): boolean {
    return this.#paused;
  }

  abort(reason: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    if (!this.#isOver) this.#current?.abort(reason);
    this.#waiting?.abort(reason);
  }

  pause(): void {
    this.#paused = true;
    if (!this.#isHeld && !this.#isOver) this.#current?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#isHeld && !this.#isOver) this.#current?.resume();
  }

  // Interceptors such as cache and decompress write these.
  get rawHeaders(): RawHeaders {
    return this.#current?.rawHeaders ?? null;
  }

  set rawHeaders(headers: RawHeaders) {
    if (this.#current !== undefined) this.#current.rawHeaders = headers;
  }

  get rawTrailers(): RawHeaders {
    return this.#current?.rawTrailers ?? null;
  }

  set rawTrailers(trailers: RawHeaders) {
    if (this.#current !== undefined) this.#current.rawTrailers = trailers;
  }
}
