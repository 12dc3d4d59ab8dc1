import type { BeforeRequestHook, NormalizedOptions, Request } from "got";

/**
 * got sends a request again only as a retry of its own. This makes the replay a retry that costs none of the caller's retries and that no
 * hook sees: the caller's `beforeRequest` hooks have done their work on this very request, and `beforeRetry` and `calculateDelay` are
 * about failures.
 */
export class Replay {
  #restore: ((options: NormalizedOptions) => void) | undefined;

  constructor(request: Request, ourHook: BeforeRequestHook) {
    const { hooks, retry } = request.options;
    const { beforeRequest, beforeRetry } = hooks;
    const { calculateDelay } = retry;
    this.#restore = (options) => {
      Object.assign(options.hooks, { beforeRequest, beforeRetry });
      Object.assign(options.retry, { calculateDelay });
    };
    Object.assign(hooks, { beforeRequest: [ourHook], beforeRetry: [] });
    // In milliseconds. Zero would tell got not to send again.
    retry.calculateDelay = () => 1;
    // got counts the retry that it makes now, and everything that it computes from the count is to stay as it is.
    request.retryCount -= 1;
  }

  /** The replay begins, or an attempt after it. Returns whether it is the replay itself. */
  begin(options: NormalizedOptions): boolean {
    this.#restore?.(options);
    const isReplay = this.#restore !== undefined;
    this.#restore = undefined;
    return isReplay;
  }
}
