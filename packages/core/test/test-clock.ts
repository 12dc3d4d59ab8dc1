import type { Clock } from "../src/clock/clock.ts";
// A module that is still being loaded waits for no clock of a test.
import "../src/request/fetch/eager.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  readonly ref: boolean;
}

/** Lets everything run that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A clock that stands still until a test moves it. It starts at a date of our days, as a wall clock does. */
export class TestClock implements Clock {
  /** What `random` answers. */
  chance = 0;
  /** How often it was asked. */
  draws = 0;
  #wall = Date.UTC(2026, 0, 1);
  #monotonic = 5000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  random(): number {
    this.draws += 1;
    return this.chance;
  }

  schedule(callback: () => void, delay: number, ref = false): () => void {
    const timer = { at: this.#monotonic + delay, callback, ref };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Whether a timer keeps the process alive. */
  get isHeld(): boolean {
    return [...this.#timers].some(({ ref }) => ref);
  }

  /** Time passes: every timer that becomes due is called, in order, and what it sets off runs before the next one. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    await settle();
    for (let next = this.#earliest(); next !== undefined && next.at <= end; next = this.#earliest()) {
      this.#fire(next);
      await settle();
    }
    this.skip(end - this.#monotonic);
    await settle();
  }

  /** The machine, or the process, was asleep: time has passed, and no timer has been called yet. */
  skip(milliseconds: number): void {
    this.#monotonic += milliseconds;
    this.#wall += milliseconds;
  }

  /** Somebody set the wall clock. */
  setWall(milliseconds: number): void {
    this.#wall = milliseconds;
  }

  /** Calls the timer that is due next, whenever that is. False when there is none. */
  fireNext(): boolean {
    const next = this.#earliest();
    if (next !== undefined) this.#fire(next);
    return next !== undefined;
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (earliest === undefined || timer.at < earliest.at) earliest = timer;
    }
    return earliest;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.skip(Math.max(0, timer.at - this.#monotonic));
    timer.callback();
  }
}

/** A clock whose `random` answers something else each time, so that no two logins have one name. */
export class RandomClock extends TestClock {
  override random(): number {
    this.draws += 1;
    return (this.draws * 0.618_033_988_749) % 1;
  }
}
