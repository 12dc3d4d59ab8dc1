import type { AfterResponseHook, BeforeRequestHook, NormalizedOptions, Options, Request } from "got";

/**
 * got sends a request again only as a retry of its own. This makes the replay a retry that costs none of the caller's retries and that no
 * hook sees: the caller's `beforeRequest` hooks have done their work on this very request, and `beforeRetry` and `calculateDelay` are
 * about failures.
 */
export class Replay {
  /** Whether the attempt in progress is the replay. */
  isSending = false;
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
    this.isSending = this.#restore !== undefined;
    this.#restore = undefined;
    return this.isSending;
  }
}

/**
 * The error that makes got send again, of the caller's own copy of got: only that copy can make it, by the function that it gives to a hook for the
 * response. What that function changes besides is put back, and the caller's `init` hooks do not hear of it.
 */
export async function retryErrorOf({ hooks }: Pick<Options, "hooks">, retry: Parameters<AfterResponseHook>[1]): Promise<unknown> {
  const { init, afterResponse } = hooks;
  hooks.init = [];
  try {
    // It only throws, in some versions later.
    await Promise.resolve(retry({}));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    Object.assign(hooks, { init, afterResponse });
  }
}
