import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/** Bodies up to this size are read to their end, which keeps the connection for the replay; a new one would cost about as much as that. */
const longestDrain = 262_144;
/** In milliseconds. A body that takes longer is not worth the wait. */
const longestWait = 1000;

/** Gets rid of the body of a response that nobody will read, so that its connection is free again. */
export class Drain {
  readonly #controller: Dispatcher.DispatchController;
  readonly #over = Promise.withResolvers<void>();
  #size = 0;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  async run(headers: IncomingHttpHeaders): Promise<void> {
    const timer = setTimeout(() => this.#giveUp(), longestWait);
    if (Number(headers["content-length"] ?? 0) > longestDrain) this.#giveUp();
    else this.#controller.resume();
    await this.#over.promise;
    clearTimeout(timer);
  }

  count(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > longestDrain) this.#giveUp();
  }

  /** The response came to its end, whichever. */
  end(): void {
    this.#over.resolve();
  }

  #giveUp(): void {
    this.#controller.abort(new Error("The response refused the token and is replaced by that of the replay."));
    this.#over.resolve();
  }
}
