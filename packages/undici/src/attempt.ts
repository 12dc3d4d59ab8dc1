import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { Drain, type Redirect, type TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { RequestController } from "./controller.ts";

type Controller = Dispatcher.DispatchController;

/** What is known of a response before its body. */
export interface UndiciResponse {
  readonly statusCode: number;
  readonly statusText: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** The request that an attempt is one of. */
export interface AttemptedRequest {
  readonly controller: RequestController;
  readonly handler: Dispatcher.DispatchHandler;
  /** Decides about a response before its body: whether the handler gets it now. Otherwise it is deferred, and delivered or discarded later. */
  receive(attempt: Attempt, response: UndiciResponse): boolean;
  /** The replay has ended without a response. */
  replayFailed(): void;
  /** Calls it in the context of the caller. Interceptors such as redirect and retry send again from the end of a response. */
  inCallersContext(event: () => void): void;
}

const none: readonly URL[] = [];

/** Sending a request once, with one token or without any. It passes everything on to the handler, except for a response that is deferred or discarded. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly tokenSet: TokenSet | undefined;
  readonly isReplay: boolean;
  readonly #request: AttemptedRequest;
  #controller: Controller | undefined;
  /** Every URL that answered so far. undici's redirect interceptor writes it when it is between this and the network. */
  #history: readonly URL[] = none;
  /** How many of these stand for informational responses (1xx), which early versions of undici 7 write there, too. */
  #informational = 0;
  #historyBefore = 0;
  /** What came while the response was deferred. To be paused does not stop everything: a body may be empty, and a connection may end. */
  #deferred: (() => void)[] | undefined;
  #drain: Drain | undefined;
  #isOver = false;
  #isAnswered = false;

  constructor(request: AttemptedRequest, tokenSet: TokenSet | undefined, isReplay: boolean) {
    this.#request = request;
    this.tokenSet = tokenSet;
    this.isReplay = isReplay;
  }

  /** The URL is at another origin if any redirect led there, even if a later one led back, because the token was taken off there. */
  get redirect(): Redirect {
    const elsewhere = this.#history.find(({ origin }) => origin !== this.#history[0]?.origin);
    return { redirected: this.#history.length - this.#informational > 1, url: (elsewhere ?? this.#history.at(-1))?.href };
  }

  /** Stops the body before its first byte. */
  defer(): void {
    this.#deferred = [];
    this.#request.controller.suspend();
  }

  /** The handler gets the deferred response. */
  deliver({ statusCode, headers, statusText }: UndiciResponse): void {
    const { handler, controller } = this.#request;
    const events = this.#deferred ?? [];
    const wasOver = this.#isOver;
    this.#deferred = undefined;
    try {
      if (!controller.aborted) handler.onResponseStart?.(controller, statusCode, headers, statusText);
      while (events.length > 0 && !controller.aborted) events.shift()?.();
      controller.continue();
    } catch (error) {
      // undici does the same for a handler that throws.
      controller.abort(error as Error);
    }
    // undici tells a handler of an abort, but no longer of an abort that comes when the attempt is over.
    if (wasOver && events.length > 0) handler.onResponseError?.(controller, controller.reason as Error);
  }

  /** Nobody gets the deferred response. Resolves when its connection is free again, or closed. */
  async discard({ headers }: UndiciResponse): Promise<void> {
    const controller = this.#controller;
    this.#deferred = undefined;
    if (this.#isOver || controller === undefined) return;
    this.#drain = new Drain(() => controller.abort(new Error("The response refused the token and is replaced by that of the replay.")));
    this.#drain.begin(headers["content-length"]);
    if (!this.#drain.isOver) controller.resume();
    await this.#drain.over;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const { handler, controller: ours } = this.#request;
    this.#controller = controller;
    this.#history = (context as { history?: URL[] } | null)?.history ?? none;
    this.#historyBefore = this.#history.length;
    ours.startAttempt(controller);
    if (!controller.aborted) handler.onRequestStart?.(ours, context);
  }

  onRequestUpgrade(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    const { handler, controller } = this.#request;
    handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, statusText?: string): void {
    const { handler, controller } = this.#request;
    const isFinal = statusCode >= 200;
    if (isFinal) this.#isAnswered = true;
    else {
      this.#informational += this.#history.length - this.#historyBefore;
      this.#historyBefore = this.#history.length;
    }
    if (isFinal && !this.#request.receive(this, { statusCode, headers, statusText })) return;
    handler.onResponseStart?.(controller, statusCode, headers, statusText);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    const { handler, controller } = this.#request;
    if (this.#drain !== undefined) this.#drain.count(chunk);
    else if (this.#deferred !== undefined) this.#deferred.push(() => handler.onResponseData?.(controller, chunk));
    else handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(_controller: Controller, trailers: IncomingHttpHeaders): void {
    const { handler, controller } = this.#request;
    this.#end(() => handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(_controller: Controller, error: Error): void {
    const { handler, controller } = this.#request;
    if (this.isReplay && !this.#isAnswered) this.#request.replayFailed();
    this.#end(() => handler.onResponseError?.(controller, error));
  }

  onBodySent(chunk: Buffer): void {
    if (this.#drain === undefined) this.#request.handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    if (this.#drain === undefined) this.#request.handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#request.handler.onResponseStarted?.();
  }

  #end(event: () => void): void {
    this.#isOver = true;
    this.#request.controller.endAttempt();
    if (this.#drain !== undefined) this.#drain.end();
    else if (this.#deferred !== undefined) this.#deferred.push(event);
    else this.#request.inCallersContext(event);
  }
}
