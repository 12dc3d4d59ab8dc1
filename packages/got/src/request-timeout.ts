import { longestDelay, systemClock } from "@tokenflight/core";
import type { NormalizedOptions, Options, Request, RequestError } from "got";

/**
 * `timeout.request`, in milliseconds. got gives the whole of it to each of its retries. Its own timer covers the wait for a token, but
 * neither the wait for a renewal nor the attempt that was refused, because to got the replay is a request of its own.
 */
export class RequestTimeout {
  #started = 0;
  /** What the caller allows, while the options say less. */
  #whole: number | undefined;

  /** The first attempt begins, or that of a retry. */
  begin(options: NormalizedOptions): void {
    this.restore(options);
    if (options.timeout.request !== undefined) this.#started = systemClock.monotonic();
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

type ErrorClass = new (message: string, error: object, request: Request) => RequestError;

/**
 * What got rejects with when `timeout.request` is over, of the caller's own copy of got. Before version 16.1 that cannot be asked for one: it is then one of its
 * request errors, as `retryError` is, and has the name and the fields.
 */
export function timeoutError(request: Request, retryError: unknown): Error {
  const message = `Timeout awaiting 'request' for ${request.options.timeout.request}ms`;
  const like = { name: "TimeoutError", code: "ETIMEDOUT", event: "request" };
  const error = Object.assign(new Error(message), like);
  const { _createTimeoutError: create } = request as unknown as { _createTimeoutError?(error: Error): RequestError };
  if (create !== undefined) return create.call(request, error);
  const RequestErrorOfCaller = Object.getPrototypeOf((retryError as object).constructor) as ErrorClass;
  return Object.assign(new RequestErrorOfCaller(message, error, request), like);
}
