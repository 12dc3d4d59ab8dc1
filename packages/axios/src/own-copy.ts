import { InvalidOptionError } from "@tokenflight/core";
import axios, { type AxiosAdapter, type AxiosError, type CanceledError, type InternalAxiosRequestConfig } from "axios";
import type { Instance } from "./axios-like.ts";

type Config = InternalAxiosRequestConfig;

/** The classes of errors. */
export interface ErrorClasses {
  readonly AxiosError: typeof AxiosError;
  readonly CanceledError: typeof CanceledError;
}

/**
 * The copy of axios that made an instance. There may be several in a program (CommonJS and ESM, two versions), and an instance shows neither its adapters
 * nor its error classes. A second instance of the same copy, without defaults and with one interceptor, uses them for us.
 */
export class OwnCopy {
  readonly #instance: Instance;
  /** As `axios.create` gives it. Otherwise it is an object of the class `Axios`. */
  readonly #isFunction: boolean;
  /** Whether it is the copy that is imported here, which gives its adapters. */
  readonly #isImported: boolean;
  #made: Instance | undefined;
  #next: object = {};
  #putsBaseFirst: boolean | undefined;
  #errors: Promise<ErrorClasses> | undefined;

  /** Throws InvalidOptionError for an instance that is too old. */
  constructor(instance: Instance) {
    this.#instance = instance;
    this.#isFunction = typeof (instance as unknown) === "function";
    this.#isImported = axios.interceptors?.request.constructor === instance.interceptors.request.constructor;
    if (this.#isFunction && typeof instance.create !== "function") throw tooOld();
  }

  /**
   * Sends with the adapters that the config names. It is the last thing that axios does with a request: the data is transformed already, and the
   * response will be. By way of the second instance it costs as much again as what axios does before.
   */
  readonly send: AxiosAdapter = (config) => {
    if (this.#isImported) return axios.getAdapter(config.adapter || axios.defaults.adapter, config)(config);
    this.#next = Object.assign(config, { transformRequest: undefined, transformResponse: undefined });
    // The interceptor is called before this returns.
    return this.#bare.request();
  };

  /** The URL of a request, with base URL and parameters. */
  urlOf(config: Config): string {
    return this.#bare.getUri(config);
  }

  /**
   * Whether all of this copy puts the base URL in front of an absolute one where `allowAbsoluteUrls` is false. `getUri` does so since 1.8.0, and the adapters
   * with it since 1.8.4, in which `getUri` throws no more where there is no base URL.
   */
  get putsBaseFirst(): boolean {
    if (this.#putsBaseFirst === undefined) {
      const url = "other://url";
      const asked = { url, allowAbsoluteUrls: false } as unknown as Config;
      try {
        this.#putsBaseFirst = this.urlOf(asked) === url && this.urlOf({ ...asked, baseURL: "base:" }) === `base:/${url}`;
      } catch {
        this.#putsBaseFirst = false;
      }
    }
    return this.#putsBaseFirst;
  }

  /** By way of the errors that axios rejects with before it sends anything. */
  errors(): Promise<ErrorClasses> {
    return (this.#errors ??= Promise.all([this.#rejectionOf({ adapter: "none" }), this.#rejectionOf({ signal: { aborted: true } })]).then(
      ([axiosError, canceledError]) => ({
        AxiosError: axiosError.constructor as typeof AxiosError,
        CanceledError: canceledError.constructor as typeof CanceledError,
      }),
    ));
  }

  async #rejectionOf(config: object): Promise<object> {
    this.#next = config;
    const [outcome] = await Promise.allSettled([this.#bare.request()]);
    return (outcome as PromiseRejectedResult).reason as object;
  }

  get #bare(): Instance {
    if (this.#made !== undefined) return this.#made;
    const made = this.#isFunction ? created(this.#instance) : inherited(this.#instance);
    made.interceptors.request.use(() => this.#next as Config, null, { synchronous: true });
    return (this.#made = made);
  }
}

/** axios makes the defaults of a new instance anew; those of the old one are in every config already. */
function created(instance: Instance): Instance {
  const made = instance.create?.({}) as Instance;
  for (const name of Object.keys(made.defaults)) delete made.defaults[name];
  return made;
}

/** An object of the class `Axios`, or of one that extends it. */
function inherited(instance: Instance): Instance {
  const { request, response } = instance.interceptors;
  const anew = (manager: object): unknown => new (manager.constructor as new () => unknown)();
  return Object.create(instance, {
    defaults: { value: {} },
    interceptors: { value: { request: anew(request), response: anew(response) } },
  }) as Instance;
}

/** The error for an axios that is not what it has to be. */
export function tooOld(): InvalidOptionError {
  return new InvalidOptionError("instance", "an instance of axios 1.7 or newer", "one of an older axios");
}
