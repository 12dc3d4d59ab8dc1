import { StoreError } from "../errors/refresh-errors.ts";

const ignore = (): void => {};

/** What is under way while a store is open, for which its `close` waits. */
export class OpenWork {
  readonly #store: string;
  readonly #works = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #hasEnded = false;

  /** `store` stands in the messages: "memory" makes "The memory store is closed." */
  constructor(store: string) {
    this.#store = store;
  }

  /** True after the end; while `close` waits, the store still reads and writes. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * How `work` settles is its owner's affair.
   *
   * @throws StoreError (`ERR_CLOSED`) once `close` was called.
   */
  keepOpen(work: Promise<unknown>): void {
    if (this.#closing !== undefined) throw this.#closed();
    const settled: Promise<unknown> = Promise.resolve(work)
      .catch(ignore)
      .finally(() => this.#works.delete(settled));
    this.#works.add(settled);
  }

  /**
   * Lets an operation begin while the store is open.
   *
   * @throws StoreError (`ERR_CLOSED`) after the end.
   */
  requireOpen(): void {
    if (this.#hasEnded) throw this.#closed();
  }

  /** Waits for all works, then calls `end`, once. With nothing under way that is done before it returns. Each call gives the same promise. */
  close(end: () => void | Promise<void> = ignore): Promise<void> {
    return (this.#closing ??= this.#end(end));
  }

  async #end(end: () => void | Promise<void>): Promise<void> {
    if (this.#works.size > 0) await Promise.all(this.#works);
    this.#hasEnded = true;
    await end();
  }

  #closed(): StoreError {
    return new StoreError("ERR_CLOSED", `The ${this.#store} store is closed.`);
  }
}
