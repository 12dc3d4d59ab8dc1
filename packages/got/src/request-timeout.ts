import { longestDelay, systemClock } from "@tokenflight/core";
import type { BeforeErrorHook, NormalizedOptions, Options, Request, RequestError } from "got";

/**
 * `timeout.request`, in milliseconds. got gives the whole of it to each of its retries. Its own timer covers neither the wait for a renewal nor the attempt that was refused, because to
 * got the replay is a request of its own; before version 16.1 it does not cover the wait for a token either.
 */
export class RequestTimeout {
  #started = 0;
  /** What the caller allows, while the options say less. */
  #whole: number | undefined;

  get hasBegun(): boolean {
    return this.#started !== 0;
  }

  /** The first attempt begins, or that of a retry. */
  begin(options: NormalizedOptions): void {
    this.restore(options);
    if (options.timeout.request !== undefined) this.#started = systemClock.monotonic();
  }

  /** Gives what is sent now what is left. */
  shorten(options: NormalizedOptions): void {
    const left = this.#left(options);
    if (left === undefined) return;
    this.#whole ??= options.timeout.request;
    options.timeout.request = left;
  }

  restore(options: Options | NormalizedOptions): void {
    if (this.#whole === undefined) return;
    options.timeout.request = this.#whole;
    this.#whole = undefined;
  }

  /** Gives work the caller's signal, or one that aborts also when nothing is left, with an OverdueError. */
  async within<Result>(options: NormalizedOptions, work: (signal?: AbortSignal) => Promise<Result>): Promise<Result> {
    const { signal } = options;
    const left = this.#left(options);
    if (left === undefined) return work(signal);
    const deadline = new AbortController();
    const cancel = systemClock.schedule(() => deadline.abort(new OverdueError(this.#whole ?? options.timeout.request)), left);
    const limits = [deadline.signal, ...(signal === undefined ? [] : [signal])];
    return work(AbortSignal.any(limits)).finally(cancel);
  }

  #left({ timeout }: NormalizedOptions): number | undefined {
    const request = this.#whole ?? timeout.request;
    if (request === undefined || request > longestDelay) return undefined;
    const left = Math.ceil(request - (systemClock.monotonic() - this.#started));
    return Math.max(1, left);
  }
}

/** Whether got's own timer covers the wait for a token, as it does since version 16.1. */
export function coversTheWait(options: NormalizedOptions): boolean {
  return "mergeNextRequestOptions" in options;
}

/** Says what got's own error says when `timeout.request` is over. */
export class OverdueError extends Error {
  override readonly name = "TimeoutError";
  readonly code = "ETIMEDOUT";
  readonly event = "request";

  /** In milliseconds. */
  constructor(limit: number | undefined) {
    super(`Timeout awaiting 'request' for ${limit}ms`);
  }
}

type ErrorClass = new (message: string, error: object, request: Request) => RequestError;

/**
 * The error of the caller's own copy of got. Before version 16.1 that cannot be asked for one: it is then one of its request errors, as `retryError` is, and
 * has the name and the fields.
 */
export function timeoutError(error: OverdueError, request: Request, retryError: unknown): Error {
  const made = timeoutOf(error, request);
  if (made !== undefined) return made;
  const RequestErrorOfCaller = Object.getPrototypeOf((retryError as object).constructor) as ErrorClass;
  const { message, name, event } = error;
  return Object.assign(new RequestErrorOfCaller(message, error, request), { name, event });
}

/** Since version 16.1. */
function timeoutOf(error: OverdueError, request: Request): RequestError | undefined {
  return (request as unknown as { _createTimeoutError?(error: Error): RequestError })._createTimeoutError?.(error);
}

/** got makes a request error of what a hook throws. In these options it becomes the caller's own error for that, where there is one, once. */
export function showAsTimeout({ hooks }: NormalizedOptions): void {
  const show: BeforeErrorHook = (error) => {
    hooks.beforeError = hooks.beforeError.filter((hook) => hook !== show);
    const { cause, request } = error;
    return cause instanceof OverdueError && request !== undefined
      ? (timeoutOf(cause, request) ?? Object.assign(error, { name: cause.name, event: cause.event }))
      : error;
  };
  hooks.beforeError = [show, ...hooks.beforeError];
}
