import {
  awaitToken,
  fieldsOf,
  TokenflightError,
  waitFor,
  type BearerPolicy,
  type HeaderFields,
  type TokenCache,
  type TokenSet,
} from "@tokenflight/core";
import type { Headers, NormalizedOptions, Options, PlainResponse, RequestFunction } from "got";
import { partitionCache, type CachePartition } from "./cache-partition.ts";
import { hideOnceSent } from "./hide-once-sent.ts";
import { hasOwnCredentials } from "./own-credentials.ts";
import { OverdueError } from "./request-timeout.ts";
import { targetOf, withHeaders, type RequestArguments, type RequestResult } from "./request-arguments.ts";

export interface AttemptParts {
  readonly policy: BearerPolicy<NormalizedOptions, PlainResponse>;
  readonly cache: TokenCache | Promise<TokenCache | undefined>;
  readonly options: NormalizedOptions;
  /** The function that got would send with: the caller's or its own. */
  readonly transport: RequestFunction;
  /** The URL that may have the token. */
  readonly href: string;
  readonly isReplay: boolean;
  /** Gives work a signal that ends its wait: the caller's, and `timeout.request`. */
  readonly within: <Result>(work: (signal?: AbortSignal) => Promise<Result>) => Promise<Result>;
  /** Called before got knows of the response; without a status when that cannot be known yet. */
  readonly onResponse: (status: number | undefined) => void;
}

/** Sending a request once, to one URL: a call of got makes one attempt, and another for each redirect and each retry. */
export class Attempt {
  readonly options: NormalizedOptions;
  readonly #parts: AttemptParts;
  readonly #partition: CachePartition | undefined;
  #cache: TokenCache | undefined;
  #tokenSet: TokenSet | undefined;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.options = parts.options;
    if (!(parts.cache instanceof Promise)) this.#cache = parts.cache;
    this.#partition = this.#cache && partitionCache(parts.options, this.#cache);
  }

  /** The token set that was sent; undefined while none was. */
  get tokenSet(): TokenSet | undefined {
    return this.#tokenSet;
  }

  get href(): string {
    return this.#parts.href;
  }

  get cache(): TokenCache {
    return this.#cache as TokenCache;
  }

  /** Puts the caller's own `cache` back into these options, or into those that got made of them for its next attempt. */
  restore(options: Options | NormalizedOptions): void {
    this.#partition?.restore(options);
  }

  /** got sends with this. */
  readonly send: RequestFunction = (...args: RequestArguments): RequestResult => {
    const { cache, href, policy } = this.#parts;
    this.restore(this.options);
    // A hook that kept the options may change their URL as long as the request waits. It then goes there without the token.
    if (targetOf(args).href !== href) return this.#sendWithout(args, "origin");
    try {
      const tokenSet = this.#cache?.peek();
      if (tokenSet === undefined) return this.#parts.within((signal) => this.#sendWhenFresh(args, cache, signal));
      const fields = fieldsOf(policy.scheme, tokenSet, { method: this.options.method, url: href });
      if (!(fields instanceof Promise)) return this.#sendWith(args, tokenSet, fields);
      return this.#parts.within((signal) => this.#sendWhenMade(args, tokenSet, fields, signal));
    } catch (error) {
      // got's cache would hide a thrown error behind one of its own.
      return Promise.reject(tokenError(error));
    }
  };

  async #sendWhenFresh(
    args: RequestArguments,
    given: AttemptParts["cache"],
    signal: AbortSignal | undefined,
  ): Promise<Awaited<RequestResult>> {
    const { policy, href } = this.#parts;
    const { method } = this.options;
    const found = await awaitToken(policy, given, signal).catch(failForToken);
    if (typeof found === "string") return this.#sendWithout(args, found);
    const { cache, tokenSet } = found;
    this.#cache = cache;
    const made = async (): Promise<HeaderFields> => fieldsOf(policy.scheme, tokenSet, { method, url: href });
    return this.#sendWhenMade(args, tokenSet, made(), signal);
  }

  async #sendWhenMade(
    args: RequestArguments,
    tokenSet: TokenSet,
    fields: Promise<HeaderFields>,
    signal: AbortSignal | undefined,
  ): Promise<Awaited<RequestResult>> {
    return this.#sendWith(args, tokenSet, await waitFor(fields, signal).catch(failForToken));
  }

  #sendWith(args: RequestArguments, tokenSet: TokenSet, fields: HeaderFields): RequestResult {
    const { policy, href, transport, onResponse, isReplay } = this.#parts;
    const { credentials } = policy;
    if (targetOf(args).href !== href) return this.#sendWithout(args, "origin");
    if (credentials.learn(fields) && hasOwnCredentials(this.options, credentials)) return this.#sendWithout(args, "own-credentials");
    this.#tokenSet = tokenSet;
    const given = targetOf(args).headers;
    const headers: Headers = this.#partition?.marked(given, tokenSet) ?? { ...given };
    if (credentials.hasPlaceholder)
      for (const name of Object.keys(headers)) if (credentials.isPlaceholder(name, headers[name])) delete headers[name];
    Object.assign(headers, fields);
    const result = transport(...withHeaders(args, headers, this.options));
    hideOnceSent(result, { fields, headers, onResponse, onFailure: isReplay ? () => policy.log.replayed(href, "failed") : undefined });
    return result;
  }

  #sendWithout(args: RequestArguments, reason: "logged-out" | "no-cache" | "origin" | "own-credentials"): RequestResult {
    const { policy, transport } = this.#parts;
    const { href, headers } = targetOf(args);
    policy.log.withoutToken(href, reason);
    const callers = this.#partition?.marked(headers, undefined);
    return transport(...(callers === undefined ? args : withHeaders(args, callers, this.options)));
  }

  /** How the replay ended, or a retry after it. */
  reportReplay(refused: boolean): void {
    const { policy, href, isReplay } = this.#parts;
    if (this.#tokenSet === undefined) return;
    this.#cache?.reportReplay(this.#tokenSet, !refused);
    if (isReplay) policy.log.replayed(href, refused ? "refused" : "accepted");
  }

  /** Nobody waits for the new token: the caller keeps the refusal, or has it already, and the next request finds the token. */
  renewForNext(): void {
    if (this.#tokenSet !== undefined) this.#cache?.renew(this.#tokenSet).catch(() => {});
  }
}

/**
 * got retries an error by its code, as if it came from the network. Ours have codes of their own. An error of a function of the caller's
 * may say ECONNRESET, which is no reason to send the request again, so it becomes a cause.
 */
export function tokenError(error: unknown): Error {
  return TokenflightError.is(error) || error instanceof OverdueError
    ? error
    : new Error("The request was not sent, because getting its token failed.", { cause: error });
}

export function failForToken(error: unknown): never {
  throw tokenError(error);
}
