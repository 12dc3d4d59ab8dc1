import type { Clock, TokenCache } from "@tokenflight/core";
import type { Owner } from "./event-heap.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** 1 January 2026: when every simulation begins. */
const epoch = Date.UTC(2026, 0, 1);

/** One process: its own clock and its own caches. Nothing of it runs while it is stopped, or after it has died. */
export class SimProcess implements Owner {
  readonly name: string;
  alive = true;
  resumesAt = 0;
  /** Its token caches, by subject. */
  caches: (subject: string) => TokenCache = () => {
    throw new Error("The process has not begun yet.");
  };
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
      schedule: (callback, delay) => scheduler.schedule(delay + 2 * random.next(), "timer", callback, this),
    };
  }

  isStopped(now: number): boolean {
    return this.resumesAt > now;
  }
}
