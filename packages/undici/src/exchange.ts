import { canReadAgain, isAnsweredInPlace, mayBeRedirected, waitFor } from "@tokenflight/core";
import type { Attachment, HeaderFields, SchemeRequest, TokenCache, TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { ExchangeController } from "./controller.ts";
import { withFields, type ReadableHeaders } from "./headers.ts";
import { Leg, type LegOwner } from "./leg.ts";
import type { UndiciResponse } from "./response.ts";

export interface ExchangeParts {
  readonly attachment: Attachment<Dispatcher.DispatchOptions, UndiciResponse>;
  readonly cache: TokenCache;
  readonly dispatch: Dispatcher.Dispatch;
  /** Where the request goes. */
  readonly origin: string;
  /** A copy of the caller's, so that a replay is the same request whatever the caller did since. */
  readonly request: Dispatcher.DispatchOptions & { readonly headers: ReadableHeaders };
  readonly handler: Dispatcher.DispatchHandler;
}

/** A request, and its replay if it comes to that, before one handler that sees a single request. */
export class Exchange implements LegOwner, SchemeRequest {
  readonly controller: ExchangeController = new ExchangeController();
  readonly handler: Dispatcher.DispatchHandler;
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
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

  /** While the token is fresh the request is dispatched before this returns, and the answer is that of undici: false when it is busy. */
  start(): boolean {
    const tokens = this.#parts.cache.peek();
    if (tokens !== undefined) return this.#send(tokens, false);
    // The handler can abort only what has started.
    this.handler.onRequestStart?.(this.controller, null);
    this.#obtain().catch((error: unknown) => this.#fail(error));
    return true;
  }

  async #obtain(): Promise<void> {
    const { signal } = this.controller;
    this.#send(await this.#parts.cache.get({ signal }), false);
  }

  judge(leg: Leg, response: UndiciResponse): boolean {
    const { attachment, cache } = this.#parts;
    const refused = attachment.isRefused(response, { status: response.statusCode, challenge: challengeOf(response) });
    if (refused === false && !leg.isReplay) return true;
    if (typeof refused === "boolean") {
      if (leg.isReplay) cache.reportReplay(leg.tokens, !refused);
      if (leg.isReplay || !this.#mayReplay(leg)) return true;
    }
    leg.hold();
    this.#decide(leg, response, refused).catch((error: unknown) => this.#fail(error));
    return false;
  }

  /** What takes time: a predicate that gives a promise, another token. Ends with the held response or with the replay. */
  async #decide(leg: Leg, response: UndiciResponse, pending: boolean | Promise<boolean>): Promise<void> {
    const { cache } = this.#parts;
    const { signal } = this.controller;
    if (typeof pending !== "boolean") {
      const refused = await waitFor(pending, signal);
      if (leg.isReplay) cache.reportReplay(leg.tokens, !refused);
      if (leg.isReplay || !refused || !this.#mayReplay(leg)) return leg.release(response);
    }
    let renewed: TokenSet;
    try {
      renewed = await cache.renew(leg.tokens, { signal });
    } catch {
      signal.throwIfAborted();
      return leg.release(response);
    }
    await leg.discard(response);
    signal.throwIfAborted();
    this.#send(renewed, true);
  }

  #mayReplay(leg: Leg): boolean {
    const { attachment, cache, request, origin } = this.#parts;
    const { redirected, url } = leg.redirect;
    if (!isAnsweredInPlace(request.method, origin, url, redirected)) return false;
    if (attachment.mayReplay(!isOneShot(request.body))) return true;
    // This request keeps its refusal; the next one finds the fresh token.
    cache.renew(leg.tokens).catch(() => {});
    return false;
  }

  #send(tokens: TokenSet, isReplay: boolean): boolean {
    const fields = this.#parts.attachment.scheme(tokens, this);
    if (!(fields instanceof Promise)) return this.#dispatch(tokens, fields, isReplay);
    fields.then((made) => this.#dispatch(tokens, made, isReplay)).catch((error: unknown) => this.#fail(error));
    return true;
  }

  #dispatch(tokens: TokenSet, fields: HeaderFields, isReplay: boolean): boolean {
    const { dispatch, request } = this.#parts;
    const sent = { ...request, headers: withFields(request.headers, fields) };
    // What undici's redirect interceptor reads; a Dispatcher takes no other value than zero.
    if (!mayBeRedirected(fields)) Object.assign(sent, { maxRedirections: 0 });
    return dispatch(sent, new Leg(this, tokens, isReplay));
  }

  #fail(error: unknown): void {
    this.handler.onResponseError?.(this.controller, error as Error);
  }
}

function challengeOf({ headers }: UndiciResponse): string | undefined {
  const challenge = headers["www-authenticate"] as string | string[] | undefined;
  return Array.isArray(challenge) ? challenge.join(", ") : challenge;
}

/** What can be iterated asynchronously may be a stream in the wrapping of undici's retry and redirect interceptors. */
function isOneShot(body: Dispatcher.DispatchOptions["body"]): boolean {
  return !canReadAgain(body) || (typeof body === "object" && body !== null && Symbol.asyncIterator in body);
}
