import { systemClock } from "@tokenflight/core";
import { AxiosError, CanceledError, type AxiosAdapter, type InternalAxiosRequestConfig } from "axios";
import { isRecording } from "./recording-fetch.ts";

/**
 * The caller's own limits: its signal, its cancel token, its timeout. axios looks at them only while an adapter runs, and not while a
 * request waits for a token.
 */
export class CallerLimits {
  readonly #config: InternalAxiosRequestConfig;
  readonly #adapter: AxiosAdapter;
  readonly #started: number;
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(config: InternalAxiosRequestConfig, adapter: AxiosAdapter) {
    this.#config = config;
    this.#adapter = adapter;
    this.#started = config.timeout ? systemClock.monotonic() : 0;
  }

  /** Aborts, with the error that axios would reject with, when one of the limits is reached. Made when there is something to wait for. */
  get signal(): AbortSignal | undefined {
    if (this.#controller !== undefined) return this.#controller.signal;
    const { signal, cancelToken } = this.#config;
    const { timeLeft } = this;
    if (!signal && !cancelToken && timeLeft === undefined) return undefined;
    this.#controller = new AbortController();
    if (timeLeft !== undefined) {
      this.#cancelTimer = systemClock.schedule(() => this.#controller?.abort(this.#timeoutError()), timeLeft, true);
    }
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

  readonly #abort = (): void => {
    const { cancelToken, signal } = this.#config;
    this.#controller?.abort(cancelToken?.reason ?? new CanceledError(this.#isByFetch ? messageOf(signal) : undefined, this.#config));
  };

  #timeoutError(): AxiosError {
    const { timeout, timeoutErrorMessage, transitional } = this.#config;
    const message = `timeout of ${timeout}ms exceeded`;
    if (this.#isByFetch) return new AxiosError(message, AxiosError.ETIMEDOUT, this.#config);
    const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
    return new AxiosError(timeoutErrorMessage || message, code, this.#config);
  }

  /** axios's fetch adapter has its own words for what ended a request. */
  get #isByFetch(): boolean {
    return isRecording(this.#adapter, this.#config);
  }
}

function messageOf(signal: InternalAxiosRequestConfig["signal"]): string | undefined {
  const reason = (signal as AbortSignal | undefined)?.reason as unknown;
  return reason instanceof Error ? reason.message : (reason as string | undefined);
}
