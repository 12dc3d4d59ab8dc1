import { TimeoutError, type NormalizedOptions, type Options, type Request } from "got";

/** The longest time that a timer can wait. */
const longestTimer = 2 ** 31 - 1;

/**
 * `timeout.request`, which is one limit for a whole attempt of got. got's own timer covers the wait for a token, but neither the wait for a
 * renewal nor the first request once there is a replay, which is another request to got.
 */
export class Budget {
  #attempt: number | undefined;
  #started = 0;
  /** What the caller allows, while the options say less. */
  #whole: number | undefined;

  /** A hop of this attempt departs. */
  begin(options: NormalizedOptions, attempt: number): void {
    if (attempt === this.#attempt) return;
    this.restore(options);
    this.#attempt = attempt;
    this.#started = performance.now();
  }

  /** Leaves got no more for the replay than the first request has left. */
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

  /** Aborts when nothing is left. Undefined without a limit. */
  deadline(options: NormalizedOptions): AbortSignal | undefined {
    const left = this.#left(options);
    return left === undefined ? undefined : AbortSignal.timeout(left);
  }

  #left({ timeout: { request } }: NormalizedOptions): number | undefined {
    if (request === undefined || request > longestTimer) return undefined;
    return Math.max(1, Math.ceil(request - (performance.now() - this.#started)));
  }
}

/** What got rejects with when `timeout.request` is over. */
export function timeoutError(request: Request): TimeoutError {
  const message = `Timeout awaiting 'request' for ${request.options.timeout.request}ms`;
  const error = Object.assign(new Error(message), { name: "TimeoutError", code: "ETIMEDOUT" as const, event: "request" as const });
  return new TimeoutError(error, request.timings as never, request);
}
