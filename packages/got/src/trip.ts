import { canReadAgain, type Attachment, type TokenCache } from "@tokenflight/core";
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
import { Budget, timeoutError } from "./budget.ts";
import { Hop } from "./hop.ts";
import { hasOwnCredentials } from "./own-credentials.ts";
import { Replay } from "./replay.ts";
import { tokenError } from "./token-error.ts";

const ours = Symbol("a trip's");

function mark<Hook extends object>(hook: Hook): Hook {
  (hook as { [ours]?: true })[ours] = true;
  return hook;
}

/** Whether a hook is a trip's, of whatever call. */
export function isTripHook(hook: object): boolean {
  return ours in hook;
}

export interface TripParts {
  readonly attachment: Attachment<NormalizedOptions, PlainResponse>;
  /** Whether only a 401 can refuse a token. */
  readonly refusedBy401: boolean;
}

/** One call of got, over its redirects, its retries and our replay. */
export class Trip {
  readonly #parts: TripParts;
  readonly #isForm: boolean;
  /** Whether the caller chose another way to authenticate, or none. */
  readonly #isUntouched: boolean;
  readonly #budget = new Budget();
  #hop: Hop | undefined;
  /** For `afterResponse`, made for the few calls that need it. */
  #arrive: AfterResponseHook | undefined;
  #replay: Replay | undefined;

  constructor(parts: TripParts, options: Options) {
    this.#parts = parts;
    // By the time it is sent, a form is a stream, but one that got makes anew for each time.
    this.#isForm = options.body instanceof FormData;
    this.#isUntouched = hasOwnCredentials(options);
  }

  /** For `beforeRequest`, which got runs anew for each redirect and each retry. */
  readonly depart: BeforeRequestHook = mark((options, { retryCount }) => {
    this.#hop?.giveBack(options);
    this.#hop = undefined;
    this.#budget.begin(options, retryCount);
    if (this.#replay?.depart(options) === true) this.#budget.shorten(options);
    // A response that a cache may give, and each one to a call that was replayed, has something to be cleared up behind it.
    if (this.#replay !== undefined || options.cache !== undefined) this.#await(options);
    if (this.#isUntouched || hasOwnCredentials(options) || !this.#allows(options.url)) return;
    const cache = this.#tokensFor(options);
    if (cache === undefined) return;
    const answered = (status: number | undefined): void => {
      if (status === 401 || status === undefined || !this.#parts.refusedBy401) this.#await(options);
    };
    this.#hop = new Hop({ attachment: this.#parts.attachment, cache, options, answered });
  });

  /**
   * Puts in our hook for the response, before the first of the caller's, so that they see only the response that counts. Most responses
   * do without, because what got does around a hook for a response costs more than all the rest of this.
   */
  #await({ hooks }: NormalizedOptions): void {
    this.#arrive ??= mark((response) => this.#receive(response));
    if (hooks.afterResponse[0] !== this.#arrive) hooks.afterResponse = [this.#arrive, ...hooks.afterResponse];
  }

  async #receive(response: Response): Promise<Response> {
    const { options } = response.request;
    this.#hop?.giveBack(options);
    this.#budget.restore(options);
    return this.#judge(response, await this.#isRefused(response));
  }

  /** For the response to a stream, which is its reader's already. */
  async passBy(response: PlainResponse): Promise<void> {
    if (await this.#isRefused(response)) this.#hop?.renewBehind();
  }

  async #judge(response: Response, refused: boolean): Promise<Response> {
    const hop = this.#hop;
    if (hop?.used === undefined) return response;
    if (this.#replay !== undefined) {
      hop.cache.reportReplay(hop.used, !refused);
      return response;
    }
    if (!refused) return response;
    // got's options are those of the last hop by now: a replay sends only that one again.
    if (!this.#parts.attachment.mayReplay(this.#isForm || canReadAgain(hop.options.body))) {
      hop.renewBehind();
      return response;
    }
    if (!(await this.#renew(hop, response.request))) return response;
    this.#replay = new Replay(response.request, this.depart);
    throw new RetryError(response.request);
  }

  /** Whether there is another token now. Throws when one of the caller's own limits is reached. */
  async #renew({ cache, used, options }: Hop, request: Request): Promise<boolean> {
    if (used === undefined) return false;
    const { signal } = options;
    const deadline = this.#budget.deadline(options);
    const limits = [signal, deadline].filter((limit) => limit !== undefined);
    try {
      await cache.renew(used, { signal: limits.length > 1 ? AbortSignal.any(limits) : limits[0] });
      return true;
    } catch (error) {
      if (signal?.aborted) throw error;
      if (deadline?.aborted) throw timeoutError(request);
      return false;
    }
  }

  /** Without a promise unless the caller's own predicate gives one. Nothing refuses a token that was not sent. */
  #isRefused(response: PlainResponse): boolean | Promise<boolean> {
    if (this.#hop?.used === undefined || this.#hop.options !== response.request.options) return false;
    const { statusCode, headers } = response;
    return this.#parts.attachment.isRefused(response, { status: statusCode, challenge: headers["www-authenticate"] });
  }

  #allows(url: URL | undefined): boolean {
    // That is got's name for every UNIX socket, and no origin.
    return url !== undefined && url.hostname !== "unix" && this.#parts.attachment.allows(url.href);
  }

  #tokensFor(options: NormalizedOptions): TokenCache | undefined {
    try {
      return this.#parts.attachment.tokensFor(options);
    } catch (error) {
      throw tokenError(error);
    }
  }
}
