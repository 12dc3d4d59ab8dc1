import { EventHeap, type Owner, type ScheduledEvent } from "./event-heap.ts";
import type { Random } from "./random.ts";

/**
 * Virtual time, and the one place that decides what happens next. Nothing that is asynchronous happens outside of it, so that the
 * same seed gives the same run. What belongs to a process that has died never happens; what belongs to one that is stopped happens after it.
 */
export class Scheduler {
  /** Virtual milliseconds since the beginning. */
  now = 0;
  steps = 0;
  /** Changes with everything that happens, and when: two runs with the same fingerprint took the same way. */
  fingerprint = 0x811c9dc5;
  /** Gets a line for everything that happens. */
  trace: ((line: string) => void) | undefined;
  readonly #random: Random;
  readonly #heap = new EventHeap();
  readonly #afterStep: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Runs once after `delay` milliseconds. Returns how to cancel it. */
  schedule(delay: number, label: string, run: () => void, owner?: Owner): () => void {
    const event: ScheduledEvent = {
      at: this.now + Math.max(0, delay),
      rank: this.#random.next(),
      order: 0,
      label,
      run,
      owner,
      cancelled: false,
    };
    this.#heap.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Runs once everything has settled that this step sets off. */
  afterStep(check: () => void): void {
    this.#afterStep.push(check);
  }

  note(text: string): void {
    this.trace?.(`${this.now.toFixed(1).padStart(10)}        ${text}`);
  }

  /** The time of the next event; undefined when nothing will happen any more. */
  get next(): number | undefined {
    return this.#heap.first?.at;
  }

  /** The next event, and everything that it sets off before the one after it. Resolves to its owner. */
  async step(): Promise<Owner | undefined> {
    const event = this.#heap.pop();
    if (event === undefined || event.cancelled) return undefined;
    const { owner, label } = event;
    if (owner?.alive === false) return undefined;
    if (owner !== undefined && owner.resumesAt > event.at) {
      this.#postpone(event, owner.resumesAt);
      return undefined;
    }
    this.now = event.at;
    this.steps += 1;
    this.#mix(`${this.now} ${owner?.name} ${label}`);
    this.trace?.(`${this.now.toFixed(1).padStart(10)} ${(owner?.name ?? "").padEnd(7)}${label}`);
    if (owner?.enter === undefined) event.run();
    else owner.enter(event.run);
    // The world's own events are plain functions; a process's go on in promises, which have all settled at the next turn of the event loop.
    if (owner !== undefined) await new Promise(setImmediate);
    for (const check of this.#afterStep.splice(0)) check();
    return owner;
  }

  /** A process that goes on finds its timers due and its replies arrived, one kind before the other, each in the order of its coming. */
  #postpone(event: ScheduledEvent, until: number): void {
    const isTimer = event.label === "timer";
    const timersFirst = Math.floor(until) % 2 === 0;
    event.order = event.at;
    event.rank = isTimer === timersFirst ? 0 : 1;
    event.at = until;
    this.#heap.push(event);
  }

  #mix(text: string): void {
    for (let index = 0; index < text.length; index += 1)
      this.fingerprint = Math.imul(this.fingerprint ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
}
