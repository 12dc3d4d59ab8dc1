import type { AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { OwnCopy } from "./own-copy.ts";

type Config = InternalAxiosRequestConfig;
type ValidateStatus = NonNullable<Config["validateStatus"]>;

/**
 * The caller's `validateStatus` sees the last response only. A response that may be refused counts as valid until nothing more becomes of it, and so does
 * one about which the function throws: axios's http adapter would let the error end the process.
 */
export class Verdict {
  readonly #ask: ValidateStatus;
  #isAny: boolean;
  #isOpen = false;
  #thrown: { readonly error: Error } | undefined;

  /** `isAny`: a response of any status may be refused; otherwise only 401. */
  constructor(ask: ValidateStatus, isAny: boolean) {
    this.#ask = ask;
    this.#isAny = isAny;
  }

  /** The replay begins. Whatever status it is answered with, it has an answer, and the cache and observers are told so. */
  takeAny(): void {
    this.#isAny = true;
    this.#isOpen = false;
  }

  /** In place of the caller's. */
  readonly validateStatus: ValidateStatus = (status) => {
    this.#isOpen = this.#isAny || status === 401;
    return this.#isOpen || this.#isValid(status) || this.#thrown !== undefined;
  };

  /** The last response, or the error that axios makes of it. */
  settle(response: AxiosResponse, config: Config, copy: OwnCopy): AxiosResponse | Promise<never> {
    const { status } = response;
    return (this.#isOpen ? this.#isValid(status) : this.#thrown === undefined) ? response : this.#reject(response, config, copy);
  }

  #isValid(status: number): boolean {
    const ask = this.#ask;
    try {
      return ask(status);
    } catch (error) {
      this.#thrown = { error: error as Error };
      return false;
    }
  }

  async #reject(response: AxiosResponse, config: Config, copy: OwnCopy): Promise<never> {
    const { AxiosError } = await copy.errors();
    const { status, request } = response;
    if (this.#thrown !== undefined) throw AxiosError.from(this.#thrown.error, undefined, config, request);
    const code = status >= 400 && status < 500 ? "ERR_BAD_REQUEST" : "ERR_BAD_RESPONSE";
    throw new AxiosError(`Request failed with status code ${status}`, code, config, request, response);
  }
}
