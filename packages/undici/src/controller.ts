import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/**
 * The controller that a handler holds for the whole exchange: over the wait for a token, the request and its replay. undici tells a handler of an
 * abort only through it, so it is there before the first request is.
 */
export class ExchangeController implements Dispatcher.DispatchController {
  readonly #waiting = new AbortController();
  #current: Dispatcher.DispatchController | undefined;
  #reason: Error | null = null;

  /** Aborts when the handler does. */
  get signal(): AbortSignal {
    return this.#waiting.signal;
  }

  /** From here on this request is the one that is paused, resumed and aborted. */
  follow(current: Dispatcher.DispatchController): void {
    this.#current = current;
    if (this.#reason !== null) current.abort(this.#reason);
  }

  get aborted(): boolean {
    return this.#reason !== null || this.#current?.aborted === true;
  }

  get paused(): boolean {
    return this.#current?.paused === true;
  }

  get reason(): Error | null {
    return this.#reason ?? this.#current?.reason ?? null;
  }

  get rawHeaders(): Buffer[] | string[] | IncomingHttpHeaders | null {
    return this.#current?.rawHeaders ?? null;
  }

  get rawTrailers(): Buffer[] | string[] | IncomingHttpHeaders | null {
    return this.#current?.rawTrailers ?? null;
  }

  abort(reason: Error): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#current?.abort(reason);
    this.#waiting.abort(reason);
  }

  pause(): void {
    this.#current?.pause();
  }

  resume(): void {
    this.#current?.resume();
  }
}
