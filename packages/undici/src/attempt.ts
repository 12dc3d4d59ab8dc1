import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { Drain, type Redirect, type TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { RequestController } from "./controller.ts";
import { HeldResponse } from "./held-response.ts";

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
  /** What came of a deferred response, and where it goes. */
  #held: HeldResponse | undefined;
  #goesTo: "handler" | "nobody" | "undecided" = "handler";
  #isGiving = false;
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

  /** What comes of the response is held until it is delivered or discarded. */
  defer(): void {
    const { controller } = this.#request;
    this.#goesTo = "undecided";
    this.#held = new HeldResponse({
      pause: () => this.#isOver || this.#controller?.pause(),
      resume: () => this.#isOver || this.#controller?.resume(),
      giveUp: () => controller.endWaits(),
    });
    controller.suspend();
  }

  /** The handler gets the deferred response, at its pace. */
  deliver({ statusCode, headers, statusText }: UndiciResponse): void {
    const { handler, controller } = this.#request;
    this.#goesTo = "handler";
    this.#held?.decided();
    // What is still to come waits until the handler has what is there.
    if (!this.#isOver) this.#controller?.pause();
    controller.giveBy(() => this.#give());
    this.#abortIfItThrows(() => {
      if (!controller.aborted) handler.onResponseStart?.(controller, statusCode, headers, statusText);
    });
    this.#give();
  }

  /** Gives the handler what is held, until it pauses. Then the rest flows by itself. */
  #give(): void {
    const { handler, controller } = this.#request;
    const held = this.#held;
    if (held === undefined || this.#isGiving) return;
    const wasEmpty = !held.hasPieces;
    this.#abortIfItThrows(() => {
      while (held.hasPieces && !controller.paused && !controller.aborted) handler.onResponseData?.(controller, held.take() as Buffer);
    });
    if (controller.aborted) return this.#endAborted();
    // Backpressure does not hold up an end with nothing before it.
    if (held.hasPieces || (controller.paused && !(wasEmpty && this.#isOver))) return;
    this.#held = undefined;
    controller.continue();
    if (held.end !== undefined) this.#request.inCallersContext(held.end);
  }

  /** undici tells a handler of an abort, but no longer of one that comes when the attempt is over. */
  #endAborted(): void {
    const { handler, controller } = this.#request;
    if (!this.#isOver) return;
    this.#held = undefined;
    handler.onResponseError?.(controller, controller.reason as Error);
  }

  /** undici does the same for a handler that throws. */
  #abortIfItThrows(work: () => void): void {
    this.#isGiving = true;
    try {
      work();
    } catch (error) {
      this.#request.controller.abort(error as Error);
    } finally {
      this.#isGiving = false;
    }
  }

  /** Nobody gets the deferred response. Resolves when its connection is free again, or closed. */
  async discard({ headers }: UndiciResponse): Promise<void> {
    const controller = this.#controller;
    this.drop();
    if (this.#isOver || controller === undefined) return;
    this.#drain = new Drain(() => controller.abort(new Error("The response refused the token and is replaced by that of the replay.")));
    this.#drain.begin(headers["content-length"]);
    if (!this.#drain.isOver) controller.resume();
    await this.#drain.over;
  }

  /** Nobody gets the deferred response, and nothing is sent after it. */
  drop(): void {
    this.#goesTo = "nobody";
    this.#held?.decided();
    this.#held = undefined;
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
    if (this.#held !== undefined) this.#held.add(chunk);
    else if (this.#goesTo === "nobody") this.#drain?.count(chunk);
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
    if (this.#goesTo !== "nobody") this.#request.handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    if (this.#goesTo !== "nobody") this.#request.handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#request.handler.onResponseStarted?.();
  }

  #end(event: () => void): void {
    this.#isOver = true;
    this.#request.controller.endAttempt(this.#controller);
    if (this.#goesTo === "nobody") return this.#drain?.end();
    const held = this.#held;
    if (held === undefined) return this.#request.inCallersContext(event);
    held.end = event;
    if (this.#goesTo === "handler") this.#give();
  }
}
