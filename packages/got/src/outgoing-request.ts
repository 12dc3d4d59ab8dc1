import { canSendAgain, type BearerPolicy, type TokenCache } from "@tokenflight/core";
import {
  RetryError,
  type AfterResponseHook,
  type BeforeRequestHook,
  type NormalizedOptions,
  type Options,
  type PlainResponse,
  type Request,
  type Response,
} from "got";
import { Attempt, tokenError } from "./attempt.ts";
import { Replay } from "./replay.ts";
import { RequestTimeout, timeoutError } from "./request-timeout.ts";

export interface RequestParts {
  readonly policy: BearerPolicy<NormalizedOptions, PlainResponse>;
  /** Whether only a 401 can refuse a token. */
  readonly refusedBy401: boolean;
}

/** Marks the hooks of every outgoing request. */
const ours = Symbol("tokenflight");

function marked<Hook extends object>(hook: Hook): Hook {
  (hook as { [ours]?: true })[ours] = true;
  return hook;
}

function isCallers(hook: object): boolean {
  return !(ours in hook);
}

/** One call of got, over its redirects, its retries and our replay. */
export class OutgoingGotRequest {
  readonly #parts: RequestParts;
  readonly #isForm: boolean;
  readonly #hasOwnCredentials: boolean;
  readonly #timeout = new RequestTimeout();
  #attempt: Attempt | undefined;
  /** Whether this call has been at an https URL. What a redirect leads to over http then gets no token, whoever has allowed that origin. */
  #wasSecure = false;
  /** Made for the few calls that need it. */
  #afterResponse: AfterResponseHook | undefined;
  #replay: Replay | undefined;

  constructor(parts: RequestParts, options: Options) {
    this.#parts = parts;
    // By the time it is sent, a form is a stream, but one that got makes anew for each attempt.
    this.#isForm = options.body instanceof FormData;
    this.#hasOwnCredentials = hasOwnCredentials(options);
  }

  /**
   * Puts our `beforeRequest` hook behind the last of the caller's, so that none of these can undo what ours does. Options that were used for another
   * call before may have the hooks of that call.
   */
  addTo({ hooks }: Options): void {
    hooks.beforeRequest = [...hooks.beforeRequest.filter(isCallers), this.#beforeRequest];
    if (!hooks.afterResponse.every(isCallers)) hooks.afterResponse = hooks.afterResponse.filter(isCallers);
  }

  /** got runs this anew for each redirect and each retry. */
  readonly #beforeRequest: BeforeRequestHook = marked((options, { retryCount }) => {
    this.#attempt?.restore(options);
    this.#attempt = undefined;
    this.#timeout.begin(options, retryCount);
    if (this.#replay?.begin(options) === true) this.#timeout.shorten(options);
    // After a response from got's cache, and after a replay, the caller's `request`, `cache` and `timeout` have to be put back into the options.
    if (this.#replay !== undefined || options.cache !== undefined) this.#addAfterResponse(options);
    if (!this.#allows(options.url) || this.#hasOwnCredentials || hasOwnCredentials(options)) return;
    const cache = this.#cacheFor(options);
    if (cache === undefined) return;
    const onResponse = (status: number | undefined): void => {
      if (status === 401 || status === undefined || !this.#parts.refusedBy401) this.#addAfterResponse(options);
    };
    this.#attempt = new Attempt({ policy: this.#parts.policy, cache, options, onResponse });
  });

  /**
   * Puts our hook for the response before the first of the caller's, so that they see only the response that counts. Most responses
   * do without, because what got does around such a hook costs more than all the rest of this.
   */
  #addAfterResponse({ hooks }: NormalizedOptions): void {
    this.#afterResponse ??= marked((response) => this.#receive(response));
    if (hooks.afterResponse[0] !== this.#afterResponse) hooks.afterResponse = [this.#afterResponse, ...hooks.afterResponse];
  }

  async #receive(response: Response): Promise<Response> {
    const { options } = response.request;
    this.#attempt?.restore(options);
    this.#timeout.restore(options);
    return this.#replayIfRefused(response, await this.#isRefused(response));
  }

  /** For the response of a stream, which is not replayed. */
  async renewIfRefused(response: PlainResponse): Promise<void> {
    if (await this.#isRefused(response)) this.#attempt?.renewForNext();
  }

  async #replayIfRefused(response: Response, refused: boolean): Promise<Response> {
    const attempt = this.#attempt;
    if (attempt?.tokenSet === undefined) return response;
    if (this.#replay !== undefined) {
      attempt.cache.reportReplay(attempt.tokenSet, !refused);
      return response;
    }
    if (!refused) return response;
    // After a redirect, got's options are those of the last attempt: a replay sends only that one again.
    if (!this.#parts.policy.wantsReplay || !(this.#isForm || canSendAgain(attempt.options.body))) {
      attempt.renewForNext();
      return response;
    }
    if (!(await this.#renew(attempt, response.request))) return response;
    this.#replay = new Replay(response.request, this.#beforeRequest);
    throw new RetryError(response.request);
  }

  /** Whether there is another token now. Throws when one of the caller's own limits is reached. */
  async #renew({ cache, tokenSet, options }: Attempt, request: Request): Promise<boolean> {
    if (tokenSet === undefined) return false;
    const { signal } = options;
    return this.#timeout.within(options, async (deadline) => {
      const limits = [signal, deadline].filter((limit) => limit !== undefined);
      try {
        await cache.renew(tokenSet, { signal: limits.length > 1 ? AbortSignal.any(limits) : limits[0] });
        return true;
      } catch (error) {
        if (signal?.aborted) throw error;
        if (deadline?.aborted) throw timeoutError(request);
        return false;
      }
    });
  }

  /** Answers without a promise unless the caller's own predicate gives one. Nothing refuses a token that was not sent. */
  #isRefused(response: PlainResponse): boolean | Promise<boolean> {
    if (this.#attempt?.tokenSet === undefined || this.#attempt.options !== response.request.options) return false;
    const { statusCode, headers } = response;
    return this.#parts.policy.isRefused(response, { status: statusCode, challenge: headers["www-authenticate"] });
  }

  #allows(url: URL | undefined): boolean {
    if (url?.protocol === "https:") this.#wasSecure = true;
    else if (this.#wasSecure) return false;
    // That hostname is got's for every UNIX socket, and no origin.
    return url !== undefined && url.hostname !== "unix" && this.#parts.policy.allows(url.href);
  }

  #cacheFor(options: NormalizedOptions): TokenCache | undefined {
    try {
      return this.#parts.policy.cacheFor(options);
    } catch (error) {
      throw tokenError(error);
    }
  }
}

/**
 * Whether the caller chose other credentials, or none: an `authorization` header, be it undefined or taken off again by a redirect, or a
 * user's name and password.
 */
function hasOwnCredentials(options: Options | NormalizedOptions): boolean {
  // got takes them from the URL as soon as there is one, and decodes them each time that it is asked for them.
  const { username, password } = options.url instanceof URL ? options.url : options;
  return options.isHeaderExplicitlySet("authorization") || username !== "" || password !== "";
}
