import type { BeforeRequestHook, NormalizedOptions, Request } from "got";

/**
 * got sends a request again only as a retry of its own. This makes it one that comes out of nobody's budget and that no hook sees: the
 * caller's `beforeRequest` hooks have done their work on this very request, and `beforeRetry` and `calculateDelay` are about failures.
 */
export class Replay {
  #giveBack: ((options: NormalizedOptions) => void) | undefined;

  constructor(request: Request, depart: BeforeRequestHook) {
    const { hooks, retry } = request.options;
    const { beforeRequest, beforeRetry } = hooks;
    const { calculateDelay } = retry;
    this.#giveBack = (options) => {
      Object.assign(options.hooks, { beforeRequest, beforeRetry });
      Object.assign(options.retry, { calculateDelay });
    };
    Object.assign(hooks, { beforeRequest: [depart], beforeRetry: [] });
    retry.calculateDelay = () => 1;
    // got counts the retry that it makes now, and everything that it computes from the count is to stay as it is.
    request.retryCount -= 1;
  }

  /** The replay departs, or a hop behind it. Returns whether it is the replay. */
  depart(options: NormalizedOptions): boolean {
    this.#giveBack?.(options);
    const isFirst = this.#giveBack !== undefined;
    this.#giveBack = undefined;
    return isFirst;
  }
}
