import type { Dispatcher } from "undici";

/** A handler that keeps what it is told, in order. */
export class Events implements Dispatcher.DispatchHandler {
  readonly told: string[] = [];
  readonly over = Promise.withResolvers<void>();
  error: Error | undefined;
  controller: Dispatcher.DispatchController | undefined;
  statusCode = 0;
  size = 0;
  readonly #on: Partial<Record<keyof Dispatcher.DispatchHandler, () => void>>;

  /** `on` does something more when the handler is told of an event. */
  constructor(on: Partial<Record<keyof Dispatcher.DispatchHandler, () => void>> = {}) {
    this.#on = on;
  }

  #tell(name: keyof Dispatcher.DispatchHandler, detail = ""): void {
    this.told.push(`${name}${detail}`);
    this.#on[name]?.();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.#tell("onRequestStart");
  }

  onBodySent(chunk: Buffer): void {
    this.#tell("onBodySent", ` ${chunk.length}`);
  }

  onRequestSent(): void {
    this.#tell("onRequestSent");
  }

  onResponseStarted(): void {
    this.#tell("onResponseStarted");
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    this.statusCode = statusCode;
    this.#tell("onResponseStart", ` ${statusCode}`);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    this.#tell("onResponseData");
  }

  onResponseEnd(): void {
    this.#tell("onResponseEnd");
    this.over.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.error = error;
    this.#tell("onResponseError");
    this.over.resolve();
  }
}
