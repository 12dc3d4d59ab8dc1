import type { Closable, Clock, TokenCache, TokenStore } from "@tokenflight/core";
import type { Owner } from "./event-heap.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { taskOf } from "./sim-request.ts";

/** 1 January 2026: when every simulation begins. */
const epoch = Date.UTC(2026, 0, 1);

/** One process: its own clock and its own caches. Nothing of it runs while it is stopped, or after it has died. */
export class SimProcess implements Owner {
  readonly name: string;
  alive = true;
  /** When it was killed, or ended. */
  endedAt = Number.POSITIVE_INFINITY;
  /** Until when it was stopped last. */
  resumesAt = 0;
  /** All times at which it was stopped. */
  readonly #stops: { readonly from: number; readonly until: number }[] = [];
  /** Its store, or its caches, are closed or about to be; "done": its caches are. */
  closing: "no" | "store" | "caches" | "done" = "no";
  /** What it is made of. */
  parts: ProcessParts | undefined;
  readonly clock: Clock;
  /** How far its wall clock is from the true time, in milliseconds. */
  wallOffset: number;

  constructor(name: string, scheduler: Scheduler, random: Random, wallOffset: number) {
    this.name = name;
    this.wallOffset = wallOffset;
    this.clock = {
      now: () => epoch + scheduler.now + this.wallOffset,
      monotonic: () => scheduler.now,
      random: () => random.next(),
      // A timer is called late by as long as the event loop is busy.
      schedule: (callback, delay) => scheduler.schedule(delay + 2 * random.next(), "timer", callback, taskOf(this)),
    };
  }

  /** One of its token caches for a subject. Several of one process share its store, and several purposes the login. */
  cache(subject: string, which = 0): TokenCache {
    const found = this.parts?.caches[which];
    if (found === undefined) throw new Error("The process has not begun yet.");
    return found(subject);
  }

  stop(from: number, until: number): void {
    this.#stops.push({ from, until });
    this.resumesAt = until;
  }

  /** When it was stopped last. */
  get stoppedAt(): number {
    return this.#stops.at(-1)?.from ?? Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds since then for which it could see nothing, but the first `unnoticed` of each time. */
  blindSince(since: number, unnoticed: number): number {
    let sum = 0;
    for (const { from, until } of this.#stops) sum += Math.max(0, until - Math.max(from, since) - unnoticed);
    return sum;
  }

  end(now: number): void {
    this.alive = false;
    this.endedAt = now;
  }

  isStopped(now: number): boolean {
    return this.resumesAt > now;
  }
}

export interface ProcessParts {
  /** The ways to its token caches, by subject. */
  readonly caches: readonly ((subject: string) => TokenCache)[];
  /** All its caches, or pools. */
  readonly closables: Iterable<Closable>;
  readonly store: TokenStore;
}
