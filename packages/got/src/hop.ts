import type { Attachment, HeaderFields, SchemeRequest, TokenCache, TokenSet } from "@tokenflight/core";
import type { NormalizedOptions, Options, PlainResponse, RequestFunction } from "got";
import { hideOnceSent } from "./hide-fields.ts";
import { targetOf, withHeaders, type RequestArguments, type RequestResult } from "./request-arguments.ts";
import { lendPart, type Loan } from "./subject-cache.ts";
import { tokenError } from "./token-error.ts";

/** A token set, and the header fields that stand on a request because of it. */
interface Load {
  readonly used: TokenSet;
  readonly fields: HeaderFields;
}

export interface HopParts {
  readonly attachment: Attachment<NormalizedOptions, PlainResponse>;
  readonly cache: TokenCache;
  readonly options: NormalizedOptions;
  /** Told of the answer before got is; without a status when that cannot be known yet. */
  readonly answered: (status: number | undefined) => void;
}

/**
 * One request on its way to one origin: a call of got makes one, and another for each redirect and each retry. It stands in for the
 * `request` option, the function that got sends with, until got has called that.
 */
export class Hop {
  readonly options: NormalizedOptions;
  readonly cache: TokenCache;
  readonly #attachment: Attachment<NormalizedOptions, PlainResponse>;
  /** The caller's `request` option, and the function that got would send with: that one or its own. */
  readonly #request: RequestFunction | undefined;
  readonly #transport: RequestFunction;
  readonly #loan: Loan | undefined;
  readonly #answered: (status: number | undefined) => void;
  #used: TokenSet | undefined;

  constructor({ attachment, cache, options, answered }: HopParts) {
    this.#attachment = attachment;
    this.#answered = answered;
    this.cache = cache;
    this.options = options;
    this.#request = options.request;
    this.#transport = options.getRequestFunction() as RequestFunction;
    options.request = this.#send;
    this.#loan = lendPart(options, cache);
  }

  /** The token set that the request carries; undefined while it carries none. */
  get used(): TokenSet | undefined {
    return this.#used;
  }

  /** Gives back what is the caller's, to these options or to those that got made of them for the next hop. */
  giveBack(options: Options | NormalizedOptions): void {
    if (options.request === this.#send) options.request = this.#request;
    this.#loan?.giveBack(options);
  }

  /** got calls this after every hook: nothing can come between here and the wire. */
  readonly #send = (...args: RequestArguments): RequestResult => {
    this.giveBack(this.options);
    const { href, headers } = targetOf(args);
    const authorization = headers["authorization"];
    const isOwn = authorization !== undefined && authorization !== this.#loan?.mark;
    if (isOwn || !this.#attachment.allows(href)) return this.#transport(...args);
    const load = this.#load({ method: this.options.method, url: href });
    if (!(load instanceof Promise)) return this.#sendWith(args, load);
    // Whoever has the options may have changed their URL meanwhile.
    return load.then((loaded) => (targetOf(args).href === href ? this.#sendWith(args, loaded) : this.#transport(...args)));
  };

  /** Without a promise while the token is fresh. */
  #load(request: SchemeRequest): Load | Promise<Load> {
    try {
      const used = this.cache.peek();
      if (used === undefined) return this.#obtain(request);
      const fields = this.#attachment.scheme(used, request);
      return fields instanceof Promise ? this.#sign(used, fields) : { used, fields };
    } catch (error) {
      // got's cache would hide a thrown error behind one of its own.
      return Promise.reject(tokenError(error));
    }
  }

  async #obtain(request: SchemeRequest): Promise<Load> {
    try {
      const used = await this.cache.get({ signal: this.options.signal });
      return { used, fields: await this.#attachment.scheme(used, request) };
    } catch (error) {
      throw tokenError(error);
    }
  }

  async #sign(used: TokenSet, fields: Promise<HeaderFields>): Promise<Load> {
    try {
      return { used, fields: await fields };
    } catch (error) {
      throw tokenError(error);
    }
  }

  #sendWith(args: RequestArguments, { used, fields }: Load): RequestResult {
    this.#used = used;
    const headers = { ...targetOf(args).headers, ...fields };
    const result = this.#transport(...withHeaders(args, headers, this.options));
    hideOnceSent(result, { fields, headers, signal: this.options.signal, answered: this.#answered });
    return result;
  }

  /** The caller keeps the refusal, or has it already; the next request finds the fresh token. */
  renewBehind(): void {
    if (this.#used !== undefined) this.cache.renew(this.#used).catch(() => {});
  }
}
