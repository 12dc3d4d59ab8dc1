import { AsyncResource } from "node:async_hooks";
import { canSendAgain, isAtSameOrigin, isSafeToReplay, mayBeRedirected, waitFor } from "@tokenflight/core";
import type { BearerPolicy, HeaderFields, SchemeRequest, TokenCache, TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { Attempt, type AttemptedRequest, type UndiciResponse } from "./attempt.ts";
import { RequestController } from "./controller.ts";
import { areOwnCredentials, kept, withFields, type ReadableHeaders } from "./headers.ts";

export interface RequestParts {
  readonly policy: BearerPolicy<Dispatcher.DispatchOptions, UndiciResponse>;
  readonly dispatch: Dispatcher.Dispatch;
  /** Where the request goes. */
  readonly origin: string;
  /** A copy of the caller's, with headers that can be read more than once. */
  readonly request: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
}

/**
 * One dispatched request: an attempt and, if it is refused, the replay, before one handler that sees a single request. It keeps the asynchronous context of
 * the caller: undici tells of responses in the context of whoever opened the connection, which may be a token source that this request must not seem to be
 * part of.
 */
export class OutgoingUndiciRequest extends AsyncResource implements AttemptedRequest, SchemeRequest {
  readonly controller: RequestController = new RequestController();
  readonly handler: Dispatcher.DispatchHandler;
  readonly #parts: RequestParts;
  #cache: TokenCache | undefined;

  constructor(parts: RequestParts) {
    super("TOKENFLIGHT");
    this.#parts = parts;
    this.handler = parts.handler;
  }

  get method(): string {
    return this.#parts.request.method;
  }

  get url(): string {
    const { origin, request } = this.#parts;
    return request.path.startsWith("/") ? new URL(origin).origin + request.path : request.path;
  }

  /** While the token is fresh the request is dispatched before this returns, and the result is undici's: false when it is busy. */
  start(cache: TokenCache | Promise<TokenCache | undefined>): boolean {
    if (!(cache instanceof Promise)) {
      this.#cache = cache;
      const tokenSet = cache.peek();
      if (tokenSet !== undefined) {
        if (this.#parts.policy.wantsReplay) this.#keep();
        return this.#send(tokenSet, false);
      }
    }
    this.#keep();
    // The handler can abort only what has started.
    this.handler.onRequestStart?.(this.controller, null);
    this.#sendWhenFresh(cache).catch((error: unknown) => this.#fail(error));
    return true;
  }

  /** What is sent later is what the caller gave now, whatever becomes of the objects that hold it. */
  #keep(): void {
    const { request } = this.#parts;
    request.headers = kept(request.headers as object) as never;
    if (request.origin instanceof URL) request.origin = request.origin.href;
    if (typeof request.query === "object" && request.query !== null) request.query = kept(request.query);
  }

  async #sendWhenFresh(given: TokenCache | Promise<TokenCache | undefined>): Promise<void> {
    const { signal } = this.controller;
    const cache = given instanceof Promise ? await waitFor(given, signal) : given;
    if (cache === undefined) return void this.#sendWithout("no-cache");
    this.#cache = cache;
    let tokenSet: TokenSet;
    try {
      tokenSet = cache.peek() ?? (await cache.get({ signal }));
    } catch (error) {
      if (!this.#parts.policy.goesWithout(error, cache)) throw error;
      return void this.#sendWithout("logged-out");
    }
    this.#send(tokenSet, false);
  }

  receive(attempt: Attempt, response: UndiciResponse): boolean {
    if (attempt.tokenSet === undefined) return true;
    const refused = this.#parts.policy.isRefused(response, { status: response.statusCode, challenge: challengeOf(response) });
    if (refused === false && !attempt.isReplay) return true;
    const { tokenSet } = attempt;
    if (typeof refused === "boolean" && !this.runInAsyncScope(() => this.#needsReplay(attempt, tokenSet, refused))) return true;
    attempt.defer();
    this.runInAsyncScope(() => this.#decide(attempt, tokenSet, response, refused)).catch((error: unknown) => this.#fail(error));
    return false;
  }

  /** What takes time: a predicate that gives a promise, another token. Ends with the deferred response or with the replay. */
  async #decide(attempt: Attempt, tokenSet: TokenSet, response: UndiciResponse, refused: boolean | Promise<boolean>): Promise<void> {
    const { signal } = this.controller;
    if (typeof refused !== "boolean" && !this.#needsReplay(attempt, tokenSet, await waitFor(refused, signal))) return attempt.deliver(response);
    let renewed: TokenSet | undefined;
    try {
      renewed = await this.#cache?.renew(tokenSet, { signal });
    } catch {
      signal.throwIfAborted();
    }
    if (renewed === undefined) return attempt.deliver(response);
    await attempt.discard(response);
    signal.throwIfAborted();
    this.#send(renewed, true);
  }

  /** Whether a replay is due. Of a replay itself, the cache is told how it ended. */
  #needsReplay(attempt: Attempt, tokenSet: TokenSet, refused: boolean): boolean {
    const { policy, origin, request } = this.#parts;
    const at = { method: request.method, url: origin };
    if (attempt.isReplay) {
      this.#cache?.reportReplay(tokenSet, !refused);
      policy.log.replayed(origin, refused ? "refused" : "accepted");
      return false;
    }
    if (!refused) return false;
    if (policy.wantsReplay && isSafeToReplay(at, attempt.redirect) && canSendAgain(request.body)) return true;
    // This request keeps its refusal. The next one finds the fresh token.
    if (isAtSameOrigin(at, attempt.redirect)) this.#cache?.renew(tokenSet).catch(() => {});
    return false;
  }

  #send(tokenSet: TokenSet, isReplay: boolean): boolean {
    const fields = this.#parts.policy.scheme(tokenSet, this);
    if (!(fields instanceof Promise)) return this.#sendWith(tokenSet, fields, isReplay);
    this.#keep();
    fields.then((made) => this.#sendWith(tokenSet, made, isReplay)).catch((error: unknown) => this.#fail(error));
    return true;
  }

  #sendWith(tokenSet: TokenSet, fields: HeaderFields, isReplay: boolean): boolean {
    const { policy, request } = this.#parts;
    const headers = request.headers as unknown as ReadableHeaders;
    if (policy.credentials.learn(fields) && areOwnCredentials(headers, policy.credentials)) return this.#sendWithout("own-credentials");
    const sent: Dispatcher.DispatchOptions = { ...request, headers: withFields(headers, fields, policy.credentials) as never };
    // undici's redirect interceptor reads this. A Dispatcher takes no other value than zero.
    if (!mayBeRedirected(fields)) Object.assign(sent, { maxRedirections: 0 });
    return this.#parts.dispatch(sent, new Attempt(this, tokenSet, isReplay));
  }

  #sendWithout(reason: "logged-out" | "no-cache" | "own-credentials"): boolean {
    const { policy, dispatch, request, origin } = this.#parts;
    policy.log.withoutToken(origin, reason);
    return dispatch(request, new Attempt(this, undefined, false));
  }

  /** The replay has ended without a response. */
  replayFailed(): void {
    this.#parts.policy.log.replayed(this.#parts.origin, "failed");
  }

  #fail(error: unknown): void {
    this.handler.onResponseError?.(this.controller, error as Error);
  }
}

function challengeOf({ headers }: UndiciResponse): string | undefined {
  const challenge = headers["www-authenticate"] as string | string[] | undefined;
  return Array.isArray(challenge) ? challenge.join(", ") : challenge;
}
