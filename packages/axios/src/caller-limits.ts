import { abortWith, systemClock } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";
import type { OwnCopy } from "./own-copy.ts";

/** What ended the wait for a token, until it has become an error of the caller's axios. */
const ended = Symbol("a limit of the caller's");

/**
 * The caller's own limits: its signal, its cancel token, its timeout. axios looks at them only while an adapter runs, and not while a
 * request waits for a token.
 */
export class CallerLimits {
  readonly #config: InternalAxiosRequestConfig;
  readonly #isFetch: boolean;
  readonly #started: number;
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #isTimeout = false;

  constructor(config: InternalAxiosRequestConfig, isFetch: boolean) {
    this.#config = config;
    this.#isFetch = isFetch;
    this.#started = config.timeout ? systemClock.monotonic() : 0;
  }

  /** Aborts when one of the limits is reached. Made when there is something to wait for. */
  get signal(): AbortSignal | undefined {
    if (this.#controller !== undefined) return this.#controller.signal;
    const { signal, cancelToken } = this.#config;
    const { timeLeft } = this;
    if (!signal && !cancelToken && timeLeft === undefined) return undefined;
    this.#controller = new AbortController();
    if (timeLeft !== undefined) this.#cancelTimer = systemClock.schedule(this.#expire, timeLeft, true);
    if (signal?.aborted) this.#abort();
    signal?.addEventListener?.("abort", this.#abort);
    cancelToken?.subscribe(this.#abort);
    return this.#controller.signal;
  }

  /**
   * What is left of the timeout, in milliseconds. It is one limit for the waits, the first attempt and the replay. Undefined without one.
   */
  get timeLeft(): number | undefined {
    const { timeout = 0 } = this.#config;
    if (!(timeout > 0)) return undefined;
    const left = Math.ceil(timeout - (systemClock.monotonic() - this.#started));
    return Math.max(1, left);
  }

  /** Leaves nothing behind on a signal that outlives the request. */
  release(): void {
    if (this.#controller === undefined) return;
    this.#cancelTimer?.();
    this.#config.signal?.removeEventListener?.("abort", this.#abort);
    this.#config.cancelToken?.unsubscribe(this.#abort);
  }

  /** Whether this is what a wait rejected with because of a limit. */
  isReached(error: unknown): boolean {
    return error === ended;
  }

  /** The error that axios rejects with when this limit is reached during a request. */
  async error(copy: OwnCopy): Promise<Error> {
    const { AxiosError, CanceledError } = await copy.errors();
    const { signal, cancelToken, timeout, timeoutErrorMessage, transitional } = this.#config;
    if (!this.#isTimeout) {
      // axios's fetch adapter has its own words for what ended a request.
      return (cancelToken?.reason as Error | undefined) ?? new CanceledError(this.#isFetch ? messageOf(signal) : undefined, this.#config);
    }
    const message = `timeout of ${timeout}ms exceeded`;
    if (this.#isFetch) return new AxiosError(message, "ETIMEDOUT", this.#config);
    return new AxiosError(timeoutErrorMessage || message, transitional?.clarifyTimeoutError ? "ETIMEDOUT" : "ECONNABORTED", this.#config);
  }

  readonly #abort = (): void => {
    if (this.#controller !== undefined) abortWith(this.#controller, ended);
  };

  readonly #expire = (): void => {
    this.#isTimeout = true;
    this.#abort();
  };
}

function messageOf(signal: InternalAxiosRequestConfig["signal"]): string | undefined {
  const reason = (signal as AbortSignal | undefined)?.reason as unknown;
  return reason instanceof Error ? reason.message : (reason as string | undefined);
}
