import { canReadAgain, type Carriage, type HeaderFields, type ResponseFacts } from "@tokenflight/core";
import axios, {
  AxiosError,
  AxiosHeaders,
  CanceledError,
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from "axios";
import { answerTo } from "./recording-fetch.ts";

interface HttpRequest {
  res?: { responseUrl?: string };
  _redirectable?: { _redirectCount?: number };
}

/** One axios request on its way through the adapter that it would have had without us. */
export class AxiosCarriage implements Carriage<AxiosResponse> {
  readonly #adapter: AxiosAdapter;
  readonly #config: InternalAxiosRequestConfig;
  readonly #started: number;
  #deadline: AbortSignal | undefined;

  constructor(adapter: AxiosAdapter, config: InternalAxiosRequestConfig) {
    this.#adapter = adapter;
    this.#config = config;
    this.#started = config.timeout ? performance.now() : 0;
  }

  get method(): string {
    return this.#config.method ?? "get";
  }

  get url(): string {
    return axios.getUri(this.#config);
  }

  /** The caller's signal, cancel token and timeout, which axios itself looks at only once the adapter runs. */
  get signal(): AbortSignal | undefined {
    const { signal, cancelToken, timeout } = this.#config;
    const signals: AbortSignal[] = [];
    if (signal) signals.push(signal as AbortSignal);
    if (cancelToken) signals.push((cancelToken as unknown as { toAbortSignal(): AbortSignal }).toAbortSignal());
    if (timeout) signals.push((this.#deadline ??= AbortSignal.timeout(this.#timeLeft(timeout))));
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  }

  get canResend(): boolean {
    return canReadAgain(this.#config.data);
  }

  /** Sends on a private copy: adapters write into the headers, and neither a response nor an error may show the token. */
  async send(fields: HeaderFields): Promise<AxiosResponse> {
    const config = this.#config;
    const headers = Object.assign(new AxiosHeaders(), config.headers, fields);
    const copy: InternalAxiosRequestConfig = { ...config, headers, validateStatus: null };
    if (config.timeout) copy.timeout = this.#timeLeft(config.timeout);
    try {
      const response: AxiosResponse = await this.#adapter(copy);
      response.config = config;
      return response;
    } catch (error) {
      const { config: shown, response } = error as AxiosError;
      if (shown === copy) (error as AxiosError).config = config;
      if (response?.config === copy) response.config = config;
      throw error;
    }
  }

  facts({ status, headers }: AxiosResponse): ResponseFacts {
    return { status, challenge: status === 401 ? (headers["www-authenticate"] as string | undefined) : undefined };
  }

  redirect({ request }: AxiosResponse): { redirected: boolean | undefined; url: string | undefined } {
    const answer = answerTo(request);
    if (answer !== undefined) return answer;
    // The http adapter goes through follow-redirects. An adapter that shows no request, such as a test's, follows nothing.
    const { res, _redirectable } = (request ?? {}) as HttpRequest;
    return { redirected: (_redirectable?._redirectCount ?? 0) > 0, url: res?.responseUrl };
  }

  /** Only a streamed body is still unread. */
  async discard({ data }: AxiosResponse): Promise<void> {
    if (data instanceof ReadableStream) await data.cancel().catch(() => {});
    else if (typeof data?.destroy === "function") data.destroy();
  }

  /** What axios does with a response at last: it judges the status by the caller's own `validateStatus`. */
  settle(response: AxiosResponse): AxiosResponse {
    const { validateStatus } = this.#config;
    const { status } = response;
    if (!status || !validateStatus || validateStatus(status)) return response;
    const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
    throw new AxiosError(`Request failed with status code ${status}`, code, this.#config, response.request, response);
  }

  /** A wait that the caller's own limits ended is rejected as axios rejects it. */
  fail(error: unknown): never {
    const { signal, cancelToken, timeout, timeoutErrorMessage, transitional } = this.#config;
    cancelToken?.throwIfRequested();
    if (signal?.aborted && error === (signal as AbortSignal).reason) throw new CanceledError(undefined, this.#config);
    if (this.#deadline?.aborted && error === this.#deadline.reason) {
      const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
      throw new AxiosError(timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`, code, this.#config);
    }
    throw error;
  }

  /** `timeout` is one limit for the wait, the first request and the replay. */
  #timeLeft(timeout: number): number {
    return Math.max(1, Math.ceil(timeout - (performance.now() - this.#started)));
  }
}
