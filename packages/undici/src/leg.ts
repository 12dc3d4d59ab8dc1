import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { ExchangeController } from "./controller.ts";
import { Drain } from "./drain.ts";
import type { UndiciResponse } from "./response.ts";

type Controller = Dispatcher.DispatchController;

/** What a leg is part of. */
export interface LegOwner {
  readonly controller: ExchangeController;
  readonly handler: Dispatcher.DispatchHandler;
  /** Decides about a response before its body. True: it is the handler's. False: the owner has held it, and releases or discards it later. */
  judge(leg: Leg, response: UndiciResponse): boolean;
}

/** One time that an exchange's request is sent. It hands everything on to the handler, unless its response is held or discarded. */
export class Leg implements Dispatcher.DispatchHandler {
  readonly tokens: TokenSet;
  readonly isReplay: boolean;
  readonly #owner: LegOwner;
  #controller: Controller | undefined;
  /** Every URL that answered so far, kept by undici's redirect interceptor when it stands between this and the wire. */
  #history: readonly URL[] = [];
  /** What came while the response was held. A pause does not stop all: a body may be empty, and a connection may end. */
  #held: (() => void)[] | undefined;
  #drain: Drain | undefined;
  #isOver = false;

  constructor(owner: LegOwner, tokens: TokenSet, isReplay: boolean) {
    this.#owner = owner;
    this.tokens = tokens;
    this.isReplay = isReplay;
  }

  /** Whether the response came after a redirect, and from where: from elsewhere if the way led over there, because the token stayed behind. */
  get redirect(): { redirected: boolean; url: string | undefined } {
    const elsewhere = this.#history.find(({ origin }) => origin !== this.#history[0]?.origin);
    return { redirected: this.#history.length > 1, url: (elsewhere ?? this.#history.at(-1))?.href };
  }

  /** Stops the body before its first byte. */
  hold(): void {
    this.#held = [];
    this.#owner.controller.hold();
  }

  /** The handler gets the response after all. */
  release({ statusCode, headers, statusText }: UndiciResponse): void {
    const { handler, controller } = this.#owner;
    const held = this.#held ?? [];
    const wasOver = this.#isOver;
    this.#held = undefined;
    try {
      if (!controller.aborted) handler.onResponseStart?.(controller, statusCode, headers, statusText);
      while (held.length > 0 && !controller.aborted) held.shift()?.();
      controller.letGo();
    } catch (error) {
      // As undici does for a handler that throws.
      controller.abort(error as Error);
    }
    // undici tells a handler of an abort, but no more of one that comes when the request is over.
    if (wasOver && held.length > 0) handler.onResponseError?.(controller, controller.reason as Error);
  }

  /** Nobody gets the response. Resolves when its connection is free again, or closed. */
  async discard({ headers }: UndiciResponse): Promise<void> {
    this.#held = undefined;
    if (this.#isOver || this.#controller === undefined) return;
    this.#drain = new Drain(this.#controller);
    await this.#drain.run(headers);
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const { handler, controller: ours } = this.#owner;
    this.#controller = controller;
    this.#history = (context as { history?: URL[] } | null)?.history ?? [];
    ours.follow(controller);
    if (!controller.aborted) handler.onRequestStart?.(ours, context);
  }

  onRequestUpgrade(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    const { handler, controller } = this.#owner;
    handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, statusText?: string): void {
    const { handler, controller } = this.#owner;
    const isFinal = statusCode >= 200;
    if (isFinal && !this.#owner.judge(this, { statusCode, headers, statusText })) return;
    handler.onResponseStart?.(controller, statusCode, headers, statusText);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    const { handler, controller } = this.#owner;
    if (this.#drain !== undefined) this.#drain.count(chunk);
    else if (this.#held !== undefined) this.#held.push(() => handler.onResponseData?.(controller, chunk));
    else handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(_controller: Controller, trailers: IncomingHttpHeaders): void {
    const { handler, controller } = this.#owner;
    this.#end(() => handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(_controller: Controller, error: Error): void {
    const { handler, controller } = this.#owner;
    this.#end(() => handler.onResponseError?.(controller, error));
  }

  onBodySent(chunk: Buffer): void {
    if (this.#drain === undefined) this.#owner.handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    if (this.#drain === undefined) this.#owner.handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#owner.handler.onResponseStarted?.();
  }

  #end(event: () => void): void {
    this.#isOver = true;
    this.#owner.controller.end();
    if (this.#drain !== undefined) this.#drain.end();
    else if (this.#held !== undefined) this.#held.push(event);
    else event();
  }
}
