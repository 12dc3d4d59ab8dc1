import { AsyncResource } from "node:async_hooks";
import {
  anotherThan,
  awaitToken,
  canSendAgain,
  currentCaller,
  fieldsOf,
  isAtSameOrigin,
  isRefused,
  reasonNotToReplay,
  keepBody,
  mayBeRedirected,
  onBehalfOf,
  waitFor,
} from "@tokenflight/core";
import type { BearerPolicy, HeaderFields, SchemeRequest, TokenCache, TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { Attempt, type AttemptedRequest, type UndiciResponse } from "./attempt.ts";
import { RequestController } from "./controller.ts";
import { areOwnCredentials, kept, withFields, type ReadableHeaders } from "./headers.ts";

/** What all requests of a composed dispatcher have in common. */
export interface Attachment {
  readonly policy: BearerPolicy<Dispatcher.DispatchOptions, UndiciResponse>;
  readonly dispatch: Dispatcher.Dispatch;
  /** Whether a function names the token cache, which may ask the asynchronous context for it. */
  readonly selects: boolean;
}

/**
 * One dispatched request: an attempt and, if it is refused, the replay, before one handler that sees a single request. It remembers its caller: undici tells
 * of responses in the context of whoever opened the connection, which may be a token source that this request must not seem to be part of.
 */
export class OutgoingUndiciRequest implements AttemptedRequest, SchemeRequest {
  readonly controller: RequestController = new RequestController();
  readonly handler: Dispatcher.DispatchHandler;
  readonly #attachment: Attachment;
  /** Where the request goes. */
  readonly #origin: string;
  /** The caller's own, and from the first wait on a copy. Its headers can be read more than once. */
  #request: Dispatcher.DispatchOptions;
  #isKept = false;
  /** The caller's headers, once they were kept. */
  #headers: unknown;
  #hasBegun = false;
  readonly #caller = currentCaller();
  readonly #context: AsyncResource | undefined;
  #cache: TokenCache | undefined;

  constructor(attachment: Attachment, origin: string, request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.#attachment = attachment;
    this.#origin = origin;
    this.#request = request;
    this.handler = handler;
    if (attachment.selects) this.#context = new AsyncResource("TOKENFLIGHT");
  }

  inCallersContext<Result>(work: () => Result): Result {
    return this.#context === undefined ? onBehalfOf(this.#caller, work) : this.#context.runInAsyncScope(work);
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    const { path } = this.#request;
    return path.startsWith("/") ? new URL(this.#origin).origin + path : path;
  }

  /** While the token is fresh the request is dispatched before this returns, and the result is undici's: false when it is busy. */
  start(cache: TokenCache | Promise<TokenCache | undefined>): boolean {
    if (!(cache instanceof Promise)) {
      this.#cache = cache;
      const tokenSet = cache.peek();
      if (tokenSet !== undefined) {
        return this.#send(tokenSet, false);
      }
    }
    if (this.#beginToWait()) this.#sendWhenFresh(cache).catch((error: unknown) => this.#fail(error));
    return true;
  }

  /** The handler can abort only what has started. What it throws is an error of the request, as with undici. */
  #beginToWait(): boolean {
    this.#keep();
    if (this.#hasBegun) return true;
    this.#hasBegun = true;
    try {
      this.handler.onRequestStart?.(this.controller, null);
      return true;
    } catch (error) {
      queueMicrotask(() => this.#fail(error));
      return false;
    }
  }

  /** Of the request itself, and not of a polluted prototype. */
  #own<Name extends "body" | "headers">(name: Name): Dispatcher.DispatchOptions[Name] | undefined {
    return Object.hasOwn(this.#request, name) ? this.#request[name] : undefined;
  }

  /** What is sent later is what the caller gave now, whatever becomes of the objects that hold it. `copy` is one of the request, but for its headers. */
  #keep(copy: Dispatcher.DispatchOptions = { ...this.#request }): void {
    if (this.#isKept) return;
    this.#isKept = true;
    const { query, origin } = this.#request;
    const headers = this.#own("headers");
    const body = this.#own("body");
    if (body !== undefined && body !== null) copy.body = keepBody(body, true);
    if (query !== undefined && query !== null) copy.query = kept(query);
    if (origin instanceof URL) copy.origin = origin.href;
    this.#headers = typeof headers === "object" && headers !== null ? kept(headers) : headers;
    this.#request = copy;
  }

  async #sendWhenFresh(given: TokenCache | Promise<TokenCache | undefined>): Promise<void> {
    const found = await awaitToken(this.#attachment.policy, given, this.controller.signal);
    if (typeof found === "string") return void this.#sendWithout(found);
    this.#cache = found.cache;
    this.#send(found.tokenSet, false);
  }

  receive(attempt: Attempt, response: UndiciResponse): boolean {
    const { policy } = this.#attachment;
    if (attempt.tokenSet === undefined || !(policy.refusesAny || attempt.isReplay || response.statusCode === 401)) return true;
    const refused = isRefused(policy, response, {
      status: response.statusCode,
      challenge: response.statusCode === 401 ? challengeOf(response) : undefined,
    });
    if (refused === false && !attempt.isReplay) return true;
    const { tokenSet } = attempt;
    if (typeof refused === "boolean" && !this.inCallersContext(() => this.#needsReplay(attempt, tokenSet, refused))) return true;
    attempt.defer();
    this.inCallersContext(() => this.#decide(attempt, tokenSet, response, refused)).catch((error: unknown) => {
      attempt.drop();
      this.#fail(error);
    });
    return false;
  }

  /** What takes time: a predicate that gives a promise, another token. Ends with the deferred response or with the replay. */
  async #decide(attempt: Attempt, tokenSet: TokenSet, response: UndiciResponse, refused: boolean | Promise<boolean>): Promise<void> {
    const { controller } = this;
    if (typeof refused !== "boolean" && !this.#needsReplay(attempt, tokenSet, await this.#answerOf(refused)))
      return attempt.deliver(response);
    const cache = this.#cache as TokenCache;
    let renewed: TokenSet | undefined;
    try {
      renewed = anotherThan(tokenSet, cache) ?? (await cache.renew(tokenSet, { signal: controller.signal }));
    } catch {
      controller.throwIfAborted();
    }
    if (renewed === undefined) {
      this.#attachment.policy.log.notReplayed(this.#origin, "no-other-token");
      return attempt.deliver(response);
    }
    await attempt.discard(response);
    controller.throwIfAborted();
    this.#send(renewed, true);
  }

  /** Of a response that cannot be held for any longer it is no. */
  async #answerOf(refused: Promise<boolean>): Promise<boolean> {
    try {
      return await waitFor(refused, this.controller.signal);
    } catch {
      this.controller.throwIfAborted();
      return false;
    }
  }

  /** Whether a replay is due. Of a replay itself, the cache is told how it ended. */
  #needsReplay(attempt: Attempt, tokenSet: TokenSet, refused: boolean): boolean {
    const { policy } = this.#attachment;
    if (attempt.isReplay) {
      this.#cache?.reportReplay(tokenSet, !refused);
      policy.log.replayed(this.#origin, refused ? "refused" : "accepted");
      return false;
    }
    if (!refused) return false;
    const at = { method: this.method, url: this.#origin, canSendAgain: canSendAgain(this.#own("body")) };
    const reason = reasonNotToReplay(policy, at, attempt.redirect);
    if (reason === undefined) return true;
    policy.log.notReplayed(this.#origin, reason);
    // This request keeps its refusal. The next one finds the fresh token.
    if (isAtSameOrigin(at, attempt.redirect)) this.#cache?.renew(tokenSet).catch(() => {});
    return false;
  }

  #send(tokenSet: TokenSet, isReplay: boolean): boolean {
    let fields: HeaderFields | Promise<HeaderFields>;
    try {
      fields = fieldsOf(this.#attachment.policy.scheme, tokenSet, this);
    } catch (error) {
      return this.#fail(error);
    }
    if (!(fields instanceof Promise)) return this.#sendWith(tokenSet, fields, isReplay);
    if (!isReplay && !this.#beginToWait()) return true;
    waitFor(fields, this.controller.signal)
      .then((made) => this.#sendWith(tokenSet, made, isReplay))
      .catch((error: unknown) => this.#fail(error));
    return true;
  }

  #sendWith(tokenSet: TokenSet, fields: HeaderFields, isReplay: boolean): boolean {
    const { credentials, wantsReplay } = this.#attachment.policy;
    const headers = (this.#isKept ? this.#headers : this.#own("headers")) as ReadableHeaders | null | undefined;
    if (credentials.learn(fields) && areOwnCredentials(headers, credentials)) return this.#sendWithout("own-credentials");
    const sent: Dispatcher.DispatchOptions = { ...this.#request, headers: withFields(headers, fields, credentials) as never };
    if (wantsReplay && !isReplay) this.#keep(sent);
    // undici's redirect interceptor reads this. A Dispatcher takes no other value than zero.
    if (!mayBeRedirected(fields)) Object.assign(sent, { maxRedirections: 0 });
    return this.#attachment.dispatch(sent, new Attempt(this, tokenSet, isReplay));
  }

  #sendWithout(reason: "logged-out" | "no-cache" | "own-credentials"): boolean {
    this.#keep();
    const { policy, dispatch } = this.#attachment;
    policy.log.withoutToken(this.#origin, reason);
    return dispatch({ ...this.#request, headers: this.#headers } as Dispatcher.DispatchOptions, new Attempt(this, undefined, false));
  }

  /** The replay has ended without a response. */
  replayFailed(): void {
    this.#attachment.policy.log.replayed(this.#origin, "failed");
  }

  /** Answers what undici's dispatchers do after an error. */
  #fail(error: unknown): false {
    failWith(this.handler, this.controller, error);
    return false;
  }
}

/** An error of the caller's functions that counts as false, such as undefined, would be none to undici's own functions. */
export function failWith(handler: Dispatcher.DispatchHandler, controller: RequestController, error: unknown): void {
  const told = error || new Error("The request was not sent, because getting its token failed.", { cause: error });
  handler.onResponseError?.(controller, told as Error);
}

function challengeOf({ headers }: UndiciResponse): string | undefined {
  const challenge = headers["www-authenticate"] as string | string[] | undefined;
  return Array.isArray(challenge) ? challenge.join(", ") : challenge;
}
