import { canReadAgain, type Carriage, type HeaderFields, type ResponseFacts } from "@tokenflight/core";
import { Axios, AxiosError, AxiosHeaders, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { CallerLimits } from "./caller-limits.ts";
import { cleanError } from "./clean-error.ts";
import { discard } from "./discard.ts";
import { hideFields } from "./hide-fields.ts";
import { privateConfig, showHeaders } from "./private-config.ts";
import { redirectOf, type Redirect } from "./redirect.ts";
import { targetOf } from "./target.ts";

/** Builds URLs from configs as they are: an instance's defaults are in them already, and those of axios itself are not meant. */
const bare = new Axios({});

/** One axios request on its way through the adapter that it would have had without us. */
export class AxiosCarriage implements Carriage<AxiosResponse> {
  readonly #adapter: AxiosAdapter;
  readonly #config: InternalAxiosRequestConfig;
  readonly #limits: CallerLimits | undefined;
  /** What decided that the request may have a token. */
  readonly #target: string;
  /** What the adapter got last, and the fields in it that are ours. */
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

  get canResend(): boolean {
    return canReadAgain(this.#config.data);
  }

  /** Sends on a private copy: adapters write into the headers, and neither a response nor an error may show the token. */
  async send(fields: HeaderFields): Promise<AxiosResponse> {
    // Whoever has the config may have changed where it leads while a token was awaited: the token stays here then.
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
    return { status, challenge: status === 401 ? challengeIn(headers) : undefined };
  }

  redirect(response: AxiosResponse): Redirect {
    return redirectOf(response, this.#adapter, () => this.url);
  }

  discard(response: AxiosResponse): Promise<void> {
    return discard(response);
  }

  /** What axios does with a response at last: it judges the status by the caller's own `validateStatus`. */
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

/** The adapter's own headers, which need not be axios's yet. */
function challengeIn(headers: unknown): string | undefined {
  return AxiosHeaders.from(headers as AxiosHeaders)
    .get("www-authenticate")
    ?.toString();
}

function isValid(config: InternalAxiosRequestConfig, status: number, request: unknown): boolean {
  try {
    return !status || !config.validateStatus || config.validateStatus(status);
  } catch (error) {
    // axios's http adapter would let it end the process; its fetch adapter wraps it.
    throw AxiosError.from(error, undefined, config, request);
  }
}
