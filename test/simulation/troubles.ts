import type { Configuration } from "./configuration.ts";
import type { SimProcess } from "./sim-process.ts";
import type { StoredRecord } from "./stored-record.ts";

const epoch = Date.UTC(2026, 0, 1);
/** Milliseconds after which everybody may know that a process has ended, where the store knows it at all. */
export const deathIsKnownAfter = 50;
/** Milliseconds for which a look that has failed is not repeated. */
const beliefInMemory = 1000;

/** What has gone wrong in a simulated world, as far as it excuses something. */
export class Troubles {
  readonly #configuration: Configuration;
  /** When it did last. */
  readonly #had = new Map<string, number>();
  readonly #lost = new Set<string>();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** This process was stopped or has died; with a subject, its store has failed there. */
  note({ name }: SimProcess, subject?: string, now = Number.NEGATIVE_INFINITY): void {
    const place = subject === undefined ? name : `${name} ${subject}`;
    this.#had.set(place, now);
  }

  /** Whether its store has just failed there, so that a look of this process may have failed. */
  hadJustNow({ name }: SimProcess, subject: string, now: number): boolean {
    const at = this.#had.get(`${name} ${subject}`);
    return at !== undefined && now - at < beliefInMemory + 2000 * this.#configuration.timeouts.store;
  }

  /** Whether this process may have been without the entry of this subject. */
  had({ name }: SimProcess, subject: string): boolean {
    return this.#had.has(name) || this.#had.has(`${name} ${subject}`) || this.#lost.has(subject);
  }

  /** The store has lost the entry of this subject, or an operator has deleted it or written something else there. */
  lost(subject: string): void {
    this.#lost.add(subject);
  }

  hasLost(subject: string): boolean {
    return this.#lost.has(subject);
  }

  get hasLostSomething(): boolean {
    return this.#lost.size > 0;
  }

  isGone({ endedAt }: SimProcess, now: number): boolean {
    return this.#configuration.holders && now >= endedAt + deathIsKnownAfter;
  }

  isPaused({ begun, duration }: NonNullable<StoredRecord["pause"]>, now: number): boolean {
    return this.clocksAgree && now < begun - epoch + duration - 1;
  }

  get clocksAgree(): boolean {
    return this.#configuration.faults.skew === 0 && this.#configuration.faults.jumps === 0;
  }
}
