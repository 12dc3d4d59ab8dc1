import {
  TokenflightError,
  type BearerPolicy,
  type HeaderFields,
  type SchemeRequest,
  type TokenCache,
  type TokenSet,
} from "@tokenflight/core";
import type { NormalizedOptions, Options, PlainResponse, RequestFunction } from "got";
import { partitionCache, type CachePartition } from "./cache-partition.ts";
import { hideOnceSent } from "./hide-once-sent.ts";
import { targetOf, withHeaders, type RequestArguments, type RequestResult } from "./request-arguments.ts";

/** A token set, and the header fields that a request has because of it. */
interface Credentials {
  readonly tokenSet: TokenSet;
  readonly fields: HeaderFields;
}

export interface AttemptParts {
  readonly policy: BearerPolicy<NormalizedOptions, PlainResponse>;
  readonly cache: TokenCache;
  readonly options: NormalizedOptions;
  /** Called before got knows of the response; without a status when that cannot be known yet. */
  readonly onResponse: (status: number | undefined) => void;
}

/**
 * Sending a request once, to one URL: a call of got makes one attempt, and another for each redirect and each retry. It takes the place
 * of the `request` option, the function that got sends with, until got has called that.
 */
export class Attempt {
  readonly options: NormalizedOptions;
  readonly cache: TokenCache;
  readonly #policy: BearerPolicy<NormalizedOptions, PlainResponse>;
  /** The caller's `request` option, and the function that got would send with: that one or its own. */
  readonly #callersRequest: RequestFunction | undefined;
  readonly #transport: RequestFunction;
  readonly #partition: CachePartition | undefined;
  readonly #onResponse: (status: number | undefined) => void;
  #tokenSet: TokenSet | undefined;

  constructor({ policy, cache, options, onResponse }: AttemptParts) {
    this.#policy = policy;
    this.#onResponse = onResponse;
    this.cache = cache;
    this.options = options;
    this.#callersRequest = options.request;
    this.#transport = options.getRequestFunction() as RequestFunction;
    options.request = this.#send;
    this.#partition = partitionCache(options, cache);
  }

  /** The token set that was sent; undefined while none was. */
  get tokenSet(): TokenSet | undefined {
    return this.#tokenSet;
  }

  /** Puts the caller's own `request` and `cache` back into these options, or into those that got made of them for its next attempt. */
  restore(options: Options | NormalizedOptions): void {
    if (options.request === this.#send) options.request = this.#callersRequest;
    this.#partition?.restore(options);
  }

  /** got calls this after every hook: nothing can come between here and the network. */
  readonly #send = (...args: RequestArguments): RequestResult => {
    this.restore(this.options);
    const { href, headers } = targetOf(args);
    const authorization = headers["authorization"];
    const isCallers = authorization !== undefined && authorization !== this.#partition?.placeholder;
    if (isCallers || !this.#policy.allows(href)) return this.#transport(...args);
    const credentials = this.#credentialsFor({ method: this.options.method, url: href });
    if (!(credentials instanceof Promise)) return this.#sendWith(args, credentials);
    // While the request waited for a token, a hook that kept the options may have changed their URL. It then goes there without the token.
    return credentials.then((ready) => (targetOf(args).href === href ? this.#sendWith(args, ready) : this.#transport(...args)));
  };

  /** Answers without a promise while the token is fresh. */
  #credentialsFor(request: SchemeRequest): Credentials | Promise<Credentials> {
    try {
      const tokenSet = this.cache.peek();
      if (tokenSet === undefined) return this.#awaitTokenSet(request);
      const fields = this.#policy.scheme(tokenSet, request);
      return fields instanceof Promise ? this.#awaitFields(tokenSet, fields) : { tokenSet, fields };
    } catch (error) {
      // got's cache would hide a thrown error behind one of its own.
      return Promise.reject(tokenError(error));
    }
  }

  async #awaitTokenSet(request: SchemeRequest): Promise<Credentials> {
    try {
      const tokenSet = await this.cache.get({ signal: this.options.signal });
      return { tokenSet, fields: await this.#policy.scheme(tokenSet, request) };
    } catch (error) {
      throw tokenError(error);
    }
  }

  async #awaitFields(tokenSet: TokenSet, fields: Promise<HeaderFields>): Promise<Credentials> {
    try {
      return { tokenSet, fields: await fields };
    } catch (error) {
      throw tokenError(error);
    }
  }

  #sendWith(args: RequestArguments, { tokenSet, fields }: Credentials): RequestResult {
    this.#tokenSet = tokenSet;
    const headers = { ...targetOf(args).headers, ...fields };
    const result = this.#transport(...withHeaders(args, headers, this.options));
    hideOnceSent(result, { fields, headers, signal: this.options.signal, onResponse: this.#onResponse });
    return result;
  }

  /** Nobody waits for the new token: the caller keeps the refusal, or has it already, and the next request finds the token. */
  renewForNext(): void {
    if (this.#tokenSet !== undefined) this.cache.renew(this.#tokenSet).catch(() => {});
  }
}

/**
 * got retries an error by its code, as if it came from the network. Ours have codes of their own. An error of a function of the caller's
 * may say ECONNRESET, which is no reason to send the request again, so it becomes a cause.
 */
export function tokenError(error: unknown): Error {
  return TokenflightError.is(error) ? error : new Error("The request was not sent, because getting its token failed.", { cause: error });
}
