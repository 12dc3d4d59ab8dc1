import { longestDelay, systemClock } from "@tokenflight/core";
import { TimeoutError, type NormalizedOptions, type Options, type Request } from "got";

/**
 * `timeout.request`, in milliseconds. got gives the whole of it to each of its retries. Its own timer covers the wait for a token, but
 * neither the wait for a renewal nor the attempt that was refused, because to got the replay is a request of its own.
 */
export class RequestTimeout {
  #retryCount: number | undefined;
  #started = 0;
  /** What the caller allows, while the options say less. */
  #whole: number | undefined;

  /** An attempt begins. Only the first one of a retry starts the time anew. */
  begin(options: NormalizedOptions, retryCount: number): void {
    if (retryCount === this.#retryCount) return;
    this.restore(options);
    this.#retryCount = retryCount;
    this.#started = systemClock.monotonic();
  }

  /** Gives the replay what is left. */
  shorten(options: NormalizedOptions): void {
    const left = this.#left(options);
    if (left === undefined) return;
    this.#whole = options.timeout.request;
    options.timeout.request = left;
  }

  restore(options: Options | NormalizedOptions): void {
    if (this.#whole === undefined) return;
    options.timeout.request = this.#whole;
    this.#whole = undefined;
  }

  /** Gives work a signal that aborts when nothing is left. Without a timeout there is none. */
  async within<Result>(options: NormalizedOptions, work: (deadline: AbortSignal | undefined) => Promise<Result>): Promise<Result> {
    const left = this.#left(options);
    if (left === undefined) return work(undefined);
    const deadline = new AbortController();
    const cancel = systemClock.schedule(() => deadline.abort(), left);
    return work(deadline.signal).finally(cancel);
  }

  #left({ timeout: { request } }: NormalizedOptions): number | undefined {
    if (request === undefined || request > longestDelay) return undefined;
    const left = Math.ceil(request - (systemClock.monotonic() - this.#started));
    return Math.max(1, left);
  }
}

/** What got rejects with when `timeout.request` is over. */
export function timeoutError(request: Request): TimeoutError {
  const message = `Timeout awaiting 'request' for ${request.options.timeout.request}ms`;
  const error = Object.assign(new Error(message), { name: "TimeoutError", code: "ETIMEDOUT" as const, event: "request" as const });
  return new TimeoutError(error, request.timings as never, request);
}
