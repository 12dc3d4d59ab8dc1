import { canSendAgain, isSafeToReplay, mayBeRedirected, waitFor } from "@tokenflight/core";
import type { BearerPolicy, HeaderFields, SchemeRequest, TokenCache, TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { Attempt, type AttemptedRequest, type UndiciResponse } from "./attempt.ts";
import { RequestController } from "./controller.ts";
import { withFields, type ReadableHeaders } from "./headers.ts";

export interface RequestParts {
  readonly policy: BearerPolicy<Dispatcher.DispatchOptions, UndiciResponse>;
  readonly cache: TokenCache;
  readonly dispatch: Dispatcher.Dispatch;
  /** Where the request goes. */
  readonly origin: string;
  /** A copy of the caller's, so that a replay is the same request whatever the caller did since. */
  readonly request: Dispatcher.DispatchOptions & { readonly headers: ReadableHeaders };
  readonly handler: Dispatcher.DispatchHandler;
}

/** One dispatched request: an attempt and, if it is refused, the replay, before one handler that sees a single request. */
export class OutgoingUndiciRequest implements AttemptedRequest, SchemeRequest {
  readonly controller: RequestController = new RequestController();
  readonly handler: Dispatcher.DispatchHandler;
  readonly #parts: RequestParts;

  constructor(parts: RequestParts) {
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
  start(): boolean {
    const tokenSet = this.#parts.cache.peek();
    if (tokenSet !== undefined) return this.#send(tokenSet, false);
    // The handler can abort only what has started.
    this.handler.onRequestStart?.(this.controller, null);
    this.#sendWhenFresh().catch((error: unknown) => this.#fail(error));
    return true;
  }

  async #sendWhenFresh(): Promise<void> {
    const { signal } = this.controller;
    this.#send(await this.#parts.cache.get({ signal }), false);
  }

  receive(attempt: Attempt, response: UndiciResponse): boolean {
    const refused = this.#parts.policy.isRefused(response, { status: response.statusCode, challenge: challengeOf(response) });
    if (refused === false && !attempt.isReplay) return true;
    if (typeof refused === "boolean" && !this.#needsReplay(attempt, refused)) return true;
    attempt.defer();
    this.#decide(attempt, response, refused).catch((error: unknown) => this.#fail(error));
    return false;
  }

  /** What takes time: a predicate that gives a promise, another token. Ends with the deferred response or with the replay. */
  async #decide(attempt: Attempt, response: UndiciResponse, refused: boolean | Promise<boolean>): Promise<void> {
    const { signal } = this.controller;
    if (typeof refused !== "boolean" && !this.#needsReplay(attempt, await waitFor(refused, signal))) return attempt.deliver(response);
    let renewed: TokenSet;
    try {
      renewed = await this.#parts.cache.renew(attempt.tokenSet, { signal });
    } catch {
      signal.throwIfAborted();
      return attempt.deliver(response);
    }
    await attempt.discard(response);
    signal.throwIfAborted();
    this.#send(renewed, true);
  }

  /** Whether a replay is due. Of a replay itself, the cache is told how it ended. */
  #needsReplay(attempt: Attempt, refused: boolean): boolean {
    const { policy, cache, origin, request } = this.#parts;
    if (attempt.isReplay) cache.reportReplay(attempt.tokenSet, !refused);
    if (attempt.isReplay || !refused || !isSafeToReplay({ method: request.method, url: origin }, attempt.redirect)) return false;
    if (policy.wantsReplay && canSendAgain(request.body)) return true;
    // This request keeps its refusal. The next one finds the fresh token.
    cache.renew(attempt.tokenSet).catch(() => {});
    return false;
  }

  #send(tokenSet: TokenSet, isReplay: boolean): boolean {
    const fields = this.#parts.policy.scheme(tokenSet, this);
    if (!(fields instanceof Promise)) return this.#dispatch(tokenSet, fields, isReplay);
    fields.then((made) => this.#dispatch(tokenSet, made, isReplay)).catch((error: unknown) => this.#fail(error));
    return true;
  }

  #dispatch(tokenSet: TokenSet, fields: HeaderFields, isReplay: boolean): boolean {
    const { dispatch, request } = this.#parts;
    const sent = { ...request, headers: withFields(request.headers, fields) };
    // undici's redirect interceptor reads this. A Dispatcher takes no other value than zero.
    if (!mayBeRedirected(fields)) Object.assign(sent, { maxRedirections: 0 });
    return dispatch(sent, new Attempt(this, tokenSet, isReplay));
  }

  #fail(error: unknown): void {
    this.handler.onResponseError?.(this.controller, error as Error);
  }
}

function challengeOf({ headers }: UndiciResponse): string | undefined {
  const challenge = headers["www-authenticate"] as string | string[] | undefined;
  return Array.isArray(challenge) ? challenge.join(", ") : challenge;
}
