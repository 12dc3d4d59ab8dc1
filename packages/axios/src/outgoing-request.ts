import { canSendAgain, drain, hideFields } from "@tokenflight/core";
import type { BodyReader, HeaderFields, OutgoingRequest, Redirect, ResponseFacts } from "@tokenflight/core";
import { Axios, AxiosError, AxiosHeaders, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { CallerLimits } from "./caller-limits.ts";
import { cleanError } from "./clean-error.ts";
import { privateConfig, showHeaders } from "./private-config.ts";
import { redirectOf } from "./redirect.ts";
import { targetOf } from "./target.ts";

/** Builds URLs from configs as they are: an instance's defaults are in them already, and those of axios itself are not meant. */
const bare = new Axios({});

/** One axios request, sent by the adapter that it would have had without us. */
export class OutgoingAxiosRequest implements OutgoingRequest<AxiosResponse> {
  readonly #adapter: AxiosAdapter;
  readonly #config: InternalAxiosRequestConfig;
  readonly #limits: CallerLimits | undefined;
  /** The URL, or the part of it, that decided that the request may have a token. */
  readonly #target: string;
  /** The config of the last attempt, and the header fields in it that are ours. */
  #sent: InternalAxiosRequestConfig | undefined;
  #fields: HeaderFields | undefined;

  constructor(adapter: AxiosAdapter, config: InternalAxiosRequestConfig, target: string) {
    this.#adapter = adapter;
    this.#config = config;
    this.#target = target;
    this.#limits = config.timeout || config.signal || config.cancelToken ? new CallerLimits(config, adapter) : undefined;
  }

  get method(): string {
    return this.#config.method ?? "get";
  }

  get url(): string {
    return bare.getUri(this.#config);
  }

  get signal(): AbortSignal | undefined {
    return this.#limits?.signal;
  }

  get canSendAgain(): boolean {
    return canSendAgain(this.#config.data);
  }

  /** Sends a private copy: adapters write into the headers, and neither a response nor an error may show the token. */
  async send(fields: HeaderFields): Promise<AxiosResponse> {
    // While the request waited for a token, whoever kept the config may have changed its URL. It then goes there without the token.
    const sent = privateConfig(this.#config, targetOf(this.#config) === this.#target ? fields : {});
    const timeLeft = this.#limits?.timeLeft;
    if (timeLeft !== undefined) sent.timeout = timeLeft;
    this.#sent = sent;
    this.#fields = fields;
    const response = await this.#adapter(sent);
    response.config = this.#config;
    hideFields(response.request, fields);
    return response;
  }

  facts({ status, headers }: AxiosResponse): ResponseFacts {
    return { status, challenge: status === 401 ? fieldOf(headers, "www-authenticate") : undefined };
  }

  redirect(response: AxiosResponse): Redirect {
    return redirectOf(response, this.#adapter, () => this.url);
  }

  /** Only a streamed body is still unread. axios has read every other one to its end. */
  async discard({ data, headers }: AxiosResponse<unknown>): Promise<void> {
    const reader = readerOf(data);
    if (reader !== undefined) await drain(reader, fieldOf(headers, "content-length"));
  }

  /** Does what axios does with a response in the end: the caller's own `validateStatus` decides about the status. */
  settle(response: AxiosResponse): AxiosResponse {
    this.#end();
    const config = this.#config;
    const { status, request } = response;
    if (isValid(config, status, request)) return response;
    const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
    throw new AxiosError(`Request failed with status code ${status}`, code, config, request, response);
  }

  /** Rejects with what the adapter or the token cache rejected with. */
  fail(error: unknown): never {
    this.#end();
    if (this.#sent !== undefined && this.#fields !== undefined) cleanError(error, this.#config, this.#sent, this.#fields);
    throw error;
  }

  #end(): void {
    this.#limits?.release();
    if (this.#sent !== undefined && this.#fields !== undefined) showHeaders(this.#config, this.#sent, this.#fields);
  }
}

/** A header field of a response. An adapter of the caller's may give headers that are not axios's. */
function fieldOf(headers: unknown, name: string): string | undefined {
  return AxiosHeaders.from(headers as AxiosHeaders)
    .get(name)
    ?.toString();
}

/** What reads a streamed body, be it a web stream or a Node stream. Undefined for a body that is no stream. */
function readerOf(data: unknown): BodyReader | undefined {
  if (data instanceof ReadableStream) return (data as ReadableStream<Uint8Array>).getReader();
  if (typeof data !== "object" || data === null || !("destroy" in data && Symbol.asyncIterator in data)) return undefined;
  const stream = data as AsyncIterable<Uint8Array> & { destroy(): void };
  const pieces = stream[Symbol.asyncIterator]();
  return { read: () => pieces.next(), cancel: () => stream.destroy() };
}

function isValid(config: InternalAxiosRequestConfig, status: number, request: unknown): boolean {
  try {
    return !status || !config.validateStatus || config.validateStatus(status);
  } catch (error) {
    // axios's http adapter would let the error end the process. Its fetch adapter wraps it, as is done here.
    throw AxiosError.from(error, undefined, config, request);
  }
}
