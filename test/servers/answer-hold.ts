import type { ResourceRequest } from "./resource-requests.ts";

export type AnswerMatcher = (request: ResourceRequest) => boolean;

/** Keeps answers back until it is released. What they will say is decided already. */
export class AnswerHold {
  readonly #matches: AnswerMatcher;
  readonly #released = Promise.withResolvers<void>();
  readonly #waiting = new Map<() => void, number>();
  #held = 0;
  #done = false;

  constructor(matches: AnswerMatcher) {
    this.#matches = matches;
  }

  /** How many answers were kept back so far. */
  get held(): number {
    return this.#held;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Resolves once that many answers are kept back. */
  async arrived(count = 1): Promise<void> {
    if (this.#held < count) await new Promise<void>((resolve) => this.#waiting.set(resolve, count));
  }

  /** Sends what was kept back, and keeps back nothing more. */
  release(): void {
    this.#done = true;
    this.#released.resolve();
  }

  /** For the server: resolves when this answer may go. */
  async pass(request: ResourceRequest): Promise<void> {
    if (this.#done || !this.#matches(request)) return;
    this.#held += 1;
    for (const [resolve, count] of this.#waiting) if (this.#held >= count) resolve();
    await this.#released.promise;
  }
}
