import PQueue from "p-queue";
import type { Clock } from "../clock/clock.ts";
import { ownOnly } from "../platform/own.ts";
import { TurnQueue, type TurnOptions } from "./turn-queue.ts";

interface SlotOptions {
  readonly id: string;
  readonly priority: number;
  /** Milliseconds for which the task holds its slot at most. */
  readonly timeout: number;
  /** It takes no slot. */
  readonly atOnce: boolean;
}

/** A task that has not begun yet. */
interface Waiting {
  priority: number;
  /** The queue that it stands in, unless it was lost there. */
  queue: object | undefined;
  readonly begin: () => Promise<void>;
}

interface Running {
  /** The moment, by the monotonic clock, at which it has to be done. */
  readonly until: number;
  /** Never rejects by itself. */
  readonly done: Promise<void>;
}

type Queue = PQueue<TurnQueue, TurnOptions>;

export interface SlotLimits {
  readonly concurrency: number;
  /** At most so many tasks begin in any window of that length, in milliseconds. */
  readonly interval: number;
  readonly intervalCap: number;
}

/** Milliseconds after which whoever waits finds that nothing moves. */
const longestStandstill = 1000;

/**
 * The slots of a queue. p-queue puts the tasks in order; it has no deadlines for them, since it would free a slot while the token request still runs.
 *
 * A runtime may drop whatever belongs to a request that has ended (workerd). A task then never gives its slot back, a timer of p-queue never fires, and
 * what one request adds cannot be begun by another. Whoever still waits looks from time to time (`raise`): stuck queues are replaced, and
 * whoever was lost is put in again, by its own request.
 */
export class Slots {
  readonly #clock: Clock;
  readonly #limits: SlotLimits;
  readonly #waiting = new Map<string, Waiting>();
  readonly #running = new Map<string, Running>();
  #queue: Queue;
  /** When a task began, or was put in behind none, by the monotonic clock. */
  #movedAt = 0;
  /** When those that run were checked last. */
  #checkedAt = 0;
  #isStuck = false;

  constructor(clock: Clock, limits: SlotLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#queue = this.#create();
  }

  run<Result>(task: () => Promise<Result>, { id, priority, timeout, atOnce }: SlotOptions): Promise<Result> {
    return new Promise((resolve, reject) => {
      const carryOut = (): Promise<void> => task().then(resolve, reject);
      const begin = async (): Promise<void> => {
        // One that was begun at once leaves nothing to do behind when its turn comes.
        if (!this.#waiting.delete(id)) return;
        const done = carryOut().finally(() => this.#running.delete(id));
        this.#running.set(id, { until: this.#clock.monotonic() + timeout, done });
        this.#movedAt = this.#clock.monotonic();
        await done;
      };
      const waiting: Waiting = { priority, queue: undefined, begin };
      if (this.#waiting.size === 0) this.#movedAt = this.#clock.monotonic();
      this.#waiting.set(id, waiting);
      this.#check();
      if (atOnce) void begin();
      else this.#enqueue(id, waiting);
    });
  }

  /** Somebody waits for this task, or waits on. */
  raise(id: string, priority: number, atOnce: boolean): void {
    this.#check();
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const isRaised = priority > waiting.priority;
    waiting.priority = Math.max(priority, waiting.priority);
    if (atOnce) void waiting.begin();
    else if (waiting.queue !== this.#queue) this.#enqueue(id, waiting);
    else if (isRaised) this.#queue.setPriority(id, waiting.priority);
  }

  #create(): Queue {
    const { concurrency, interval, intervalCap } = this.#limits;
    const limit = intervalCap === Number.POSITIVE_INFINITY ? {} : { interval, intervalCap, strict: true };
    return new PQueue(ownOnly({ concurrency, ...limit, queueClass: TurnQueue }));
  }

  #enqueue(id: string, waiting: Waiting): void {
    const lose = (): void => {
      waiting.queue = undefined;
    };
    waiting.queue = this.#queue;
    void this.#queue.add(waiting.begin, { id, priority: waiting.priority, lose, signal: undefined });
  }

  #check(): void {
    const now = this.#clock.monotonic();
    for (const [id, { until }] of this.#running) if (until < now) this.#end(id);
    // The platform rejects the promises of a request that has ended, to whoever waits for them then.
    if (now - this.#checkedAt >= longestStandstill) {
      this.#checkedAt = now;
      for (const [id, { done }] of this.#running) done.catch(() => this.#end(id));
    }
    const isStill = this.#waiting.size > 0 && this.#running.size === 0 && now - this.#movedAt > this.#limits.interval + longestStandstill;
    if (!this.#isStuck && !isStill) return;
    this.#isStuck = false;
    this.#movedAt = now;
    this.#queue = this.#create();
  }

  /** A task that will never say that it is done. */
  #end(id: string): void {
    if (this.#running.delete(id)) this.#isStuck = true;
  }
}
