import { AsyncLocalStorage } from "node:async_hooks";
import type { Owner } from "./event-heap.ts";

const current = new AsyncLocalStorage<SimRequest>();

/** Whose timers and replies the running code sets off: those of the request that is served, where the platform knows requests. */
export function taskOf(process: Owner): Owner {
  const request = current.getStore();
  return request?.process === process ? request : process;
}

/** Takes background work to the platform: the request that is served goes on until it has settled. */
export function keepAlive(work: Promise<unknown>): void {
  current.getStore()?.keep(work);
}

/**
 * A request that an isolate serves. When it ends, everything that it has begun is dropped: its timers and replies never happen. The isolate's other
 * requests go on, with the same memory.
 */
export class SimRequest implements Owner {
  readonly name: string;
  readonly process: Owner;
  /** Called when everything that it has begun was dropped. */
  readonly #dropped: (request: SimRequest) => void;
  readonly #kept = new Set<Promise<unknown>>();
  #isOver = false;
  #isDropped = false;

  constructor(process: Owner, name: string, dropped: (request: SimRequest) => void) {
    this.process = process;
    this.name = `${process.name}/${name}`;
    this.#dropped = dropped;
  }

  get alive(): boolean {
    return this.process.alive && !this.#isDropped;
  }

  get resumesAt(): number {
    return this.process.resumesAt;
  }

  /** Runs code of this request. */
  enter(run: () => void): void {
    current.run(this, run);
  }

  keep(work: Promise<unknown>): void {
    this.#kept.add(work);
    void this.#dropAfter(work);
  }

  /** The response was sent, or whoever waited for it has gone. */
  end(): void {
    this.#isOver = true;
    this.#drop();
  }

  async #dropAfter(work: Promise<unknown>): Promise<void> {
    await Promise.allSettled([work]);
    this.#kept.delete(work);
    this.#drop();
  }

  #drop(): void {
    if (!this.#isOver || this.#isDropped || this.#kept.size > 0) return;
    this.#isDropped = true;
    this.#dropped(this);
  }
}
