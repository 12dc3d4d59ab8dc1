import { canSendAgain, isRefused, waitFor, type BearerPolicy, type TokenCache } from "@tokenflight/core";
import type {
  AfterResponseHook,
  BeforeRequestHook,
  NormalizedOptions,
  Options,
  PlainResponse,
  Request,
  RequestFunction,
  Response,
} from "got";
import { Attempt, failForToken } from "./attempt.ts";
import { KeptBody } from "./kept-body.ts";
import { hasOwnCredentials } from "./own-credentials.ts";
import { Replay, retryErrorOf } from "./replay.ts";
import { coversTheWait, OverdueError, RequestTimeout, showAsTimeout, timeoutError } from "./request-timeout.ts";

export interface RequestParts {
  readonly policy: BearerPolicy<NormalizedOptions, PlainResponse>;
  /** Whether a function names the token cache, which may give a promise. */
  readonly selects: boolean;
}

type RetryFunction = Parameters<AfterResponseHook>[1];

/** Marks our hooks in got's options, and the function with which options are sent. */
const ours = Symbol("tokenflight");

function isCallers(hook: object): boolean {
  return !(ours in hook);
}

/** One call of got, over its redirects, its retries and our replay. */
export class OutgoingGotRequest {
  readonly #parts: RequestParts;
  readonly #body: KeptBody;
  readonly #timeout = new RequestTimeout();
  #hasOwnCredentials: boolean;
  #attempt: Attempt | undefined;
  /** Whether this call has been at an https URL. What a redirect leads to over http then gets no token, whoever has allowed that origin. */
  #wasSecure = false;
  #isFirst = true;
  /** What a selector named for the attempt that begins, if it was asked already. */
  #selected: { readonly cache: TokenCache | undefined } | undefined;
  /** Made for the few calls that need them. */
  #beforeRequest: BeforeRequestHook | undefined;
  #afterResponse: AfterResponseHook | undefined;
  #replay: Replay | undefined;

  constructor(parts: RequestParts, options: Options) {
    this.#parts = parts;
    this.#body = new KeptBody(options, parts.policy.wantsReplay);
    this.#hasOwnCredentials = hasOwnCredentials(options, parts.policy.credentials);
    this.follow(options as NormalizedOptions);
  }

  /** The call that these options belong to. */
  static of(options: Options | NormalizedOptions): OutgoingGotRequest | undefined {
    const send: unknown = Object.getOwnPropertyDescriptor(options, "getRequestFunction")?.value;
    return (send as { [ours]?: OutgoingGotRequest } | undefined)?.[ours];
  }

  /**
   * got asks its options with which function it has to send, after every hook: nothing can come between the answer and the network. The answer is ours, for
   * these options only.
   */
  follow(options: NormalizedOptions): void {
    this.#attempt?.restore(options);
    const getRequestFunction = (): RequestFunction | undefined => this.#begin(options);
    Object.defineProperty(options, "getRequestFunction", {
      value: Object.assign(getRequestFunction, { [ours]: this }),
      configurable: true,
      writable: true,
    });
  }

  /**
   * Puts our `beforeRequest` hook behind the last of the caller's, where there are any to be watched, or an answer has to be waited for. Options that were
   * used for another call before may have the hooks of that call.
   */
  watchHooks(options: Options | NormalizedOptions, always = false): void {
    const { hooks } = options;
    if (!hooks.afterResponse.every(isCallers)) hooks.afterResponse = hooks.afterResponse.filter(isCallers);
    const needsCache = this.#parts.selects && options.cache !== undefined;
    if (!always && !needsCache && hooks.beforeRequest.length === 0) return;
    hooks.beforeRequest = [...hooks.beforeRequest.filter(isCallers), this.#hook];
  }

  get #hook(): BeforeRequestHook {
    this.#beforeRequest ??= Object.assign((options: NormalizedOptions) => this.#watch(options), { [ours]: this });
    return this.#beforeRequest;
  }

  /** The caller's hooks have done their work. got then forgets of a header that a hook has set to undefined. */
  #watch(options: NormalizedOptions): void | Promise<void> {
    const isFollowed = OutgoingGotRequest.of(options) === this;
    if (!isFollowed) {
      // A retry, be it the replay.
      this.follow(options);
      if (this.#replay?.begin(options) === true) this.#timeout.shorten(options);
      else this.#timeout.begin(options);
    }
    this.#look(options);
    const { selects } = this.#parts;
    // got's cache is looked into before anything can be waited for.
    if (!selects || options.cache === undefined || this.#withoutToken(options) !== undefined) return;
    const cache = this.#cacheFor(options);
    if (!(cache instanceof Promise)) return void (this.#selected = { cache });
    return this.#select(cache, options, this.#isFirst || !isFollowed);
  }

  /** got's own timer runs from when it begins to send. `isBefore`: that is after this wait. */
  async #select(answer: Promise<TokenCache | undefined>, options: NormalizedOptions, isBefore: boolean): Promise<void> {
    if (this.#isFirst) this.#timeout.begin(options);
    try {
      this.#selected = { cache: await this.#timeout.within(options, (signal) => waitFor(answer, signal)) };
    } catch (error) {
      if (error instanceof OverdueError) showAsTimeout(options);
      failForToken(error);
    }
    if (isBefore) this.#timeout.shorten(options);
  }

  #look(options: NormalizedOptions): void {
    this.#hasOwnCredentials ||= hasOwnCredentials(options, this.#parts.policy.credentials, !this.#isFirst);
  }

  /** An attempt begins: the first one, and one for each redirect and each retry. */
  #begin(options: NormalizedOptions): RequestFunction | undefined {
    const { policy } = this.#parts;
    this.#attempt = undefined;
    if (this.#isFirst && !this.#timeout.hasBegun) this.#timeout.begin(options);
    this.#look(options);
    this.#isFirst = false;
    const transport = transportOf(options);
    // After a response from got's cache, and after a replay, the caller's `cache` and `timeout` have to be put back into the options.
    if (this.#replay !== undefined || options.cache !== undefined) this.#addAfterResponse(options);
    const { url } = options;
    const reason = transport === undefined || url === undefined ? "origin" : this.#withoutToken(options);
    if (transport === undefined || url === undefined || reason !== undefined) {
      if (url !== undefined && reason !== undefined) policy.log.withoutToken(url.href, reason);
      return transport;
    }
    const selected = this.#selected === undefined ? this.#cacheFor(options) : this.#selected.cache;
    this.#selected = undefined;
    if (selected === undefined) {
      policy.log.withoutToken(url.href, "no-cache");
      return transport;
    }
    if (policy.wantsReplay && !options.isStream) this.#body.keep(options);
    const isReplay = this.#replay?.isSending === true;
    this.#attempt = new Attempt({
      policy,
      cache: selected,
      options,
      transport,
      href: url.href,
      isReplay,
      within: (work) => {
        this.#body.keep(options);
        return coversTheWait(options) ? work(options.signal) : this.#timeout.within(options, work);
      },
      onResponse: (status) => {
        if (status === 401 || status === undefined || policy.refusesAny) this.#addAfterResponse(options);
      },
    });
    return this.#attempt.send;
  }

  #withoutToken(options: NormalizedOptions): "origin" | "own-credentials" | undefined {
    if (!this.#allows(options.url)) return "origin";
    return this.#hasOwnCredentials ? "own-credentials" : undefined;
  }

  /**
   * Puts our hook for the response before the first of the caller's, so that they see only the response that counts. Most responses
   * do without, because what got does around such a hook costs more than all the rest of this.
   */
  #addAfterResponse({ hooks }: NormalizedOptions): void {
    this.#afterResponse ??= Object.assign((response: Response, retry: RetryFunction) => this.#receive(response, retry), { [ours]: this });
    if (hooks.afterResponse[0] !== this.#afterResponse) hooks.afterResponse = [this.#afterResponse, ...hooks.afterResponse];
  }

  async #receive(response: Response, retry: RetryFunction): Promise<Response> {
    const { options } = response.request;
    this.#attempt?.restore(options);
    this.#timeout.restore(options);
    const given = this.#isRefused(response);
    const refused = typeof given === "boolean" ? given : await this.#within(response.request, retry, (signal) => waitFor(given, signal));
    if (!(await this.#mayReplay(response, refused, retry))) return response;
    const again = await retryErrorOf(options, retry);
    this.#replay = new Replay(response.request, this.#hook);
    throw again;
  }

  /** For the response of a stream, which is not replayed. */
  async renewIfRefused(response: PlainResponse): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined || !(await this.#isRefused(response))) return;
    this.#parts.policy.log.notReplayed(attempt.href, "stream");
    attempt.renewForNext();
  }

  /** Whether a replay is due, and there is another token for it. */
  async #mayReplay({ request }: Response, refused: boolean, retry: RetryFunction): Promise<boolean> {
    const attempt = this.#attempt;
    if (attempt?.tokenSet === undefined) return false;
    if (this.#replay !== undefined) attempt.reportReplay(refused);
    if (this.#replay !== undefined || !refused) return false;
    // After a redirect, got's options are those of the last attempt: a replay sends only that one again. Before version 15.1, got could read a form only once.
    const isAgain = this.#body.canSendFormAgain(request) || canSendAgain(attempt.options.body);
    const { wantsReplay, log } = this.#parts.policy;
    if (wantsReplay && isAgain) {
      const isRenewed = await this.#renew(attempt, request, retry);
      if (!isRenewed) log.notReplayed(attempt.href, "no-other-token");
      return isRenewed;
    }
    log.notReplayed(attempt.href, wantsReplay ? "body" : "never");
    attempt.renewForNext();
    return false;
  }

  /** Whether there is another token now. Throws when one of the caller's own limits is reached. */
  async #renew({ cache, tokenSet }: Attempt, request: Request, retry: RetryFunction): Promise<boolean> {
    if (tokenSet === undefined) return false;
    let isFailed = false;
    await this.#within(request, retry, async (signal) => {
      try {
        await cache.renew(tokenSet, { signal });
      } catch {
        signal?.throwIfAborted();
        isFailed = true;
      }
    });
    return !isFailed;
  }

  /** Work for a response that got has already, until a limit of the caller's is reached: rejects as got does then. */
  async #within<Result>(request: Request, retry: RetryFunction, work: (signal?: AbortSignal) => Promise<Result>): Promise<Result> {
    const options = request.options as NormalizedOptions;
    try {
      return await this.#timeout.within(options, work);
    } catch (error) {
      throw error instanceof OverdueError ? timeoutError(error, request, await retryErrorOf(options, retry)) : error;
    }
  }

  /** Answers without a promise unless the caller's own predicate gives one. Nothing refuses a token that was not sent. */
  #isRefused(response: PlainResponse): boolean | Promise<boolean> {
    if (this.#attempt?.tokenSet === undefined || this.#attempt.options !== response.request.options) return false;
    const { statusCode, headers } = response;
    return isRefused(this.#parts.policy, response, { status: statusCode, challenge: headers["www-authenticate"] });
  }

  #allows(url: URL | undefined): boolean {
    if (url?.protocol === "https:") this.#wasSecure = true;
    else if (this.#wasSecure) return false;
    // That hostname is got's for every UNIX socket, and no origin.
    return url !== undefined && url.hostname !== "unix" && this.#parts.policy.allows(url.href);
  }

  #cacheFor(options: NormalizedOptions): TokenCache | undefined | Promise<TokenCache | undefined> {
    try {
      return this.#parts.policy.cacheFor(options);
    } catch (error) {
      return failForToken(error);
    }
  }
}

/** What got would send with. Before version 15 it leaves it to itself to do without a function of the caller's that gives nothing. */
function transportOf(options: NormalizedOptions): RequestFunction | undefined {
  type Got = { getRequestFunction(): RequestFunction | undefined; getFallbackRequestFunction?(): RequestFunction | undefined };
  const gots = Object.getPrototypeOf(options) as Got;
  const send = gots.getRequestFunction.call(options);
  if (send === undefined || options.request === undefined || gots.getFallbackRequestFunction === undefined) return send;
  const instead = gots.getFallbackRequestFunction.call(options) as RequestFunction;
  return (...given) => {
    const result = send(...given);
    if (result instanceof Promise) return result.then((settled) => settled ?? instead(...given)) as ReturnType<RequestFunction>;
    return result ?? instead(...given);
  };
}
