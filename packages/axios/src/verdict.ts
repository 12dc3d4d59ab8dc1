import type { AxiosError, AxiosResponse, InternalAxiosRequestConfig } from "axios";

type ValidateStatus = NonNullable<InternalAxiosRequestConfig["validateStatus"]>;

/**
 * The caller's `validateStatus` sees the last response only. For one that may be refused, the adapter is told that it is not valid, and makes the error
 * that the caller gets if it is the last: of the caller's own copy of axios, and as that copy makes it.
 */
export class Verdict {
  /** In place of the caller's. */
  readonly validateStatus: ValidateStatus | null | undefined;
  /** The error about a response of which the caller has not been asked yet. */
  #error: Partial<AxiosError> | undefined;
  #isOpen = false;
  /** What the caller's function threw: axios's http adapter would let it end the process. Its fetch adapter wraps it, as is done here. */
  #thrown: { readonly error: unknown } | undefined;
  readonly #ask: ValidateStatus;

  /** `isAny`: a response of any status may be refused; otherwise only 401. */
  constructor(validateStatus: ValidateStatus | null | undefined, isAny: boolean) {
    this.#ask = validateStatus as ValidateStatus;
    this.validateStatus =
      validateStatus &&
      ((status) => {
        this.#isOpen = isAny ? status < 200 || status >= 300 : status === 401;
        return !this.#isOpen && this.#isValid(status);
      });
  }

  /** The response that an error of the adapter's is about, if it may be refused. Throws every other error. */
  responseOf(error: unknown): AxiosResponse {
    const { response } = (error ?? {}) as Partial<AxiosError>;
    if (!this.#isOpen || response === undefined) throw this.#thrown === undefined ? error : this.#wrapped(error);
    this.#isOpen = false;
    this.#error = error as Partial<AxiosError>;
    return response;
  }

  settle(response: AxiosResponse): AxiosResponse {
    const error = this.#error;
    if (error?.response !== response || this.#isValid(response.status)) return response;
    throw this.#thrown === undefined ? error : this.#wrapped(error);
  }

  #isValid(status: number): boolean {
    try {
      const ask = this.#ask;
      return Boolean(ask(status));
    } catch (error) {
      this.#thrown = { error };
      return false;
    }
  }

  #wrapped(error: unknown): unknown {
    const thrown = this.#thrown?.error;
    const { config, request, constructor } = error as AxiosError;
    const { from } = constructor as unknown as Partial<typeof AxiosError>;
    return typeof from === "function" ? from.call(constructor, thrown as Error, undefined, config, request) : thrown;
  }
}
