import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { TokenSet } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import type { UndiciResponse } from "./response.ts";

type Controller = Dispatcher.DispatchController;

/** Bodies up to this size are read to their end, which keeps the connection; longer ones are aborted, which closes it. */
const longestDrain = 65_536;

/** What a leg is part of. */
export interface LegOwner {
  readonly controller: Controller & { follow(current: Controller): void };
  readonly handler: Dispatcher.DispatchHandler;
  /** Decides about a response before its body. True: it is the handler's. False: the owner has held it, and releases or discards it later. */
  judge(leg: Leg, response: UndiciResponse): boolean;
}

/** One time that an exchange's request is sent. It hands everything on to the handler, unless its response is held or discarded. */
export class Leg implements Dispatcher.DispatchHandler {
  readonly tokens: TokenSet;
  readonly isReplay: boolean;
  readonly #exchange: LegOwner;
  #controller: Controller | undefined;
  /** Every URL that answered so far, kept by undici's redirect interceptor when it stands between this and the wire. */
  #history: readonly URL[] = [];
  #discarded = false;

  constructor(exchange: LegOwner, tokens: TokenSet, isReplay: boolean) {
    this.#exchange = exchange;
    this.tokens = tokens;
    this.isReplay = isReplay;
  }

  /** Whether the response came after a redirect, and from where. */
  get redirect(): { redirected: boolean; url: string | undefined } {
    return { redirected: this.#history.length > 1, url: this.#history.at(-1)?.href };
  }

  /** Stops the body before its first byte. */
  hold(): void {
    this.#controller?.pause();
  }

  /** The handler gets the response after all. */
  release({ statusCode, headers, statusText }: UndiciResponse): void {
    const { handler, controller } = this.#exchange;
    handler.onResponseStart?.(controller, statusCode, headers, statusText);
    this.#controller?.resume();
  }

  /** Nobody gets the response. */
  discard({ headers }: UndiciResponse): void {
    this.#discarded = true;
    if (Number(headers["content-length"] ?? Number.NaN) <= longestDrain) this.#controller?.resume();
    else this.#controller?.abort(new Error("The response refused the token and is replaced by that of the replay."));
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    this.#exchange.controller.follow(controller);
    this.#history = (context as { history?: URL[] } | null)?.history ?? [];
    if (!controller.aborted) this.#exchange.handler.onRequestStart?.(this.#exchange.controller, context);
  }

  onRequestUpgrade(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    const { handler, controller } = this.#exchange;
    handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: IncomingHttpHeaders, statusText?: string): void {
    const { handler, controller } = this.#exchange;
    const isFinal = statusCode >= 200;
    if (isFinal && !this.#exchange.judge(this, { statusCode, headers, statusText })) return;
    handler.onResponseStart?.(controller, statusCode, headers, statusText);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    const { handler, controller } = this.#exchange;
    if (!this.#discarded) handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(_controller: Controller, trailers: IncomingHttpHeaders): void {
    const { handler, controller } = this.#exchange;
    if (!this.#discarded) handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(_controller: Controller, error: Error): void {
    const { handler, controller } = this.#exchange;
    if (!this.#discarded) handler.onResponseError?.(controller, error);
  }

  onBodySent(chunk: Buffer): void {
    this.#exchange.handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#exchange.handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    if (!this.#discarded) this.#exchange.handler.onResponseStarted?.();
  }
}
