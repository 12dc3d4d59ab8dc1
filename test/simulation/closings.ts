import type { Callers } from "./callers.ts";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

/** Processes that come to their end as they should: they close their caches, and their store before or after them or not at all, and are gone then. */
export class Closings {
  count = 0;
  readonly #world: World;
  readonly #callers: Callers;
  readonly #replace: (process: SimProcess) => void;
  readonly #underWay = new Set<SimProcess>();

  constructor(world: World, callers: Callers, replace: (process: SimProcess) => void) {
    this.#world = world;
    this.#callers = callers;
    this.#replace = replace;
  }

  close(process: SimProcess): void {
    if (this.#underWay.has(process)) return;
    this.#underWay.add(process);
    const { scheduler, random, ledger } = this.#world;
    const first = random.pick(["caches", "store"] as const);
    const leavesStore = random.chance(0.5);
    const begin = (): void => {
      scheduler.note(`${process.name} closes its ${first}`);
      process.closing = first;
      // Whoever calls from now on is told so.
      for (let left = 2; left > 0; left -= 1)
        scheduler.schedule(random.between(0, 20), "calls what is closed", () => this.#callers.call(process, "s0"), process);
      this.#expectEnd(process);
      const steps = [
        (): unknown => closeCaches(process),
        (): unknown => (first === "caches" && leavesStore ? undefined : closeStore(process)),
      ];
      if (first === "store") steps.reverse();
      const [one, other] = steps;
      Promise.resolve(one?.())
        .then(other)
        .then(
          () => scheduler.afterStep(() => this.#end(process)),
          (error: unknown) => ledger.violate(`${process.name} could not close: ${String(error)}`),
        );
    };
    scheduler.schedule(0, "closes", begin, process);
  }

  /** After everything. */
  checkThatAllHaveEnded(): void {
    for (const { alive, name } of this.#underWay) if (alive) this.#world.ledger.violate(`${name} never came to the end of its close`);
  }

  #end(process: SimProcess): void {
    this.#underWay.delete(process);
    if (!process.alive) return;
    this.count += 1;
    const { scheduler, ledger, random, configuration } = this.#world;
    ledger.closed(process);
    const leave = (): void => {
      if (process.alive) this.#replace(process);
      process.end(scheduler.now);
    };
    if (random.chance(0.5)) return leave();
    // Who has only looked into the store is told when it answers, or does not.
    const wait = 2500 * configuration.timeouts.store;
    const closed = scheduler.now;
    const check = (): void => {
      // Who was stopped meanwhile finds its timers due in the same moment.
      if (process.blindSince(closed, 0) === 0) this.#callers.checkNobodyWaitsFor(process);
    };
    scheduler.schedule(wait, "nobody waits any more", check, process);
    scheduler.schedule(2 * wait, "ends", leave, process);
  }

  /** A token request, and the write of its result, have their timeouts. */
  #expectEnd(process: SimProcess): void {
    const { scheduler, ledger, configuration } = this.#world;
    const { request, store } = configuration.timeouts;
    const begun = scheduler.now;
    const check = (): void => {
      if (this.#underWay.has(process) && process.alive && process.resumesAt < begun) ledger.violate(`${process.name} closes and closes`);
    };
    scheduler.schedule(1000 * (5.5 * request + 10 * store), "looks whether it has closed", check);
  }
}

function closeCaches(process: SimProcess): Promise<unknown> {
  process.closing = "caches";
  return Promise.all(Array.from(process.parts?.closables ?? [], (closable) => closable.close()));
}

async function closeStore(process: SimProcess): Promise<void> {
  await process.parts?.store.close?.();
}
