import { canReadAgain, isAnsweredInPlace, type Attachment, type HeaderFields, type TokenCache, type TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { ExchangeController } from "./controller.ts";
import { withFields } from "./headers.ts";
import { Leg, type LegOwner } from "./leg.ts";
import type { UndiciResponse } from "./response.ts";

export interface ExchangeParts {
  readonly attachment: Attachment<Dispatcher.DispatchOptions, UndiciResponse>;
  readonly cache: TokenCache;
  readonly dispatch: Dispatcher.Dispatch;
  readonly request: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
}

/** A request, and its replay if it comes to that, before one handler that sees a single request. */
export class Exchange implements LegOwner {
  readonly controller: ExchangeController = new ExchangeController();
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  get handler(): Dispatcher.DispatchHandler {
    return this.#parts.handler;
  }

  /** While the token is fresh the request is dispatched before this returns. */
  start(): void {
    const tokens = this.#parts.cache.peek();
    if (tokens !== undefined) return this.#send(tokens, false);
    // The handler can abort only what has started.
    this.handler.onRequestStart?.(this.controller, null);
    this.#parts.cache.get({ signal: this.controller.signal }).then(
      (obtained) => this.#send(obtained, false),
      (error: unknown) => this.#fail(error),
    );
  }

  judge(leg: Leg, response: UndiciResponse): boolean {
    const { attachment, cache } = this.#parts;
    const refused = attachment.isRefused(response, { status: response.statusCode, challenge: response.headers["www-authenticate"] });
    if (refused === false && !leg.isReplay) return true;
    if (typeof refused === "boolean") {
      if (leg.isReplay) cache.reportReplay(leg.tokens, !refused);
      if (leg.isReplay || !this.#mayReplay(leg)) return true;
    }
    leg.hold();
    void this.#goOn(leg, response, refused);
    return false;
  }

  /** What takes time: a predicate that gives a promise, another token. Ends with the held response or with the replay. */
  async #goOn(leg: Leg, response: UndiciResponse, pending: boolean | Promise<boolean>): Promise<void> {
    const { cache } = this.#parts;
    if (typeof pending !== "boolean") {
      const refused = await pending;
      if (leg.isReplay) cache.reportReplay(leg.tokens, !refused);
      if (leg.isReplay || !refused || !this.#mayReplay(leg)) return leg.release(response);
    }
    let renewed: TokenSet;
    try {
      renewed = await cache.renew(leg.tokens, { signal: this.controller.signal });
    } catch {
      // An abort has reached the request under way already; otherwise the handler gets the refusal, its body unread.
      if (!this.controller.aborted) leg.release(response);
      return;
    }
    leg.discard(response);
    this.#send(renewed, true);
  }

  #mayReplay(leg: Leg): boolean {
    const { attachment, cache, request } = this.#parts;
    const { redirected, url } = leg.redirect;
    if (!isAnsweredInPlace(request.method, String(request.origin), url, redirected)) return false;
    if (attachment.mayReplay(canReadAgain(request.body))) return true;
    // This request keeps its refusal; the next one finds the fresh token.
    cache.renew(leg.tokens).catch(() => {});
    return false;
  }

  #send(tokens: TokenSet, isReplay: boolean): void {
    const { attachment, request } = this.#parts;
    try {
      const fields = attachment.scheme(tokens, { method: request.method, url: new URL(request.path, request.origin).href });
      if (!(fields instanceof Promise)) return this.#dispatch(tokens, fields, isReplay);
      fields.then((made) => this.#dispatch(tokens, made, isReplay)).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #dispatch(tokens: TokenSet, fields: HeaderFields, isReplay: boolean): void {
    const { dispatch, request } = this.#parts;
    dispatch({ ...request, headers: withFields(request.headers, fields) }, new Leg(this, tokens, isReplay));
  }

  #fail(error: unknown): void {
    this.handler.onResponseError?.(this.controller, error as Error);
  }
}
