import type { SimProcess } from "./sim-process.ts";
import type { SimStore } from "./sim-store.ts";
import type { World } from "./world.ts";

/** Whoever kills and stops processes, turns their clocks and takes the store away. */
export class Mischief {
  readonly #world: World;
  readonly #processes: SimProcess[];
  readonly #replace: (place: number) => void;
  #crashes: number;
  #pauses: number;

  constructor(world: World, processes: SimProcess[], replace: (place: number) => void) {
    this.#world = world;
    this.#processes = processes;
    this.#replace = replace;
    this.#crashes = world.configuration.faults.crashes;
    this.#pauses = world.configuration.faults.pauses;
  }

  /** From now on, for as long as callers come. */
  begin(store: SimStore): void {
    const { outages, loss, jumps } = this.#world.configuration.faults;
    for (let left = outages; left > 0; left -= 1) this.#sometime(() => this.#takeAway(store));
    for (let left = jumps; left > 0; left -= 1) this.#sometime(() => this.#turnClock());
    if (loss) this.#sometime(() => store.loseEverything());
  }

  /** After each step of a process: the moments in which a token request is under way are the ones that matter. */
  after(process: SimProcess): void {
    const { random, ledger, faultsAreOver } = this.#world;
    if (faultsAreOver || this.#crashes + this.#pauses === 0 || !random.chance(ledger.isBusy(process) ? 0.03 : 0.001)) return;
    if (random.whole(1, this.#crashes + this.#pauses) <= this.#crashes) this.#kill(process);
    else this.#stop(process);
  }

  #kill(process: SimProcess): void {
    this.#crashes -= 1;
    process.alive = false;
    this.#world.ledger.disturbed(process, "died");
    this.#replace(this.#processes.indexOf(process));
  }

  #stop(process: SimProcess): void {
    const { random, scheduler, configuration, ledger } = this.#world;
    this.#pauses -= 1;
    const timeout = configuration.timeouts.request * 1000;
    process.resumesAt = scheduler.now + timeout * random.pick([0.05, 0.7, 1.2, 2, 4]);
    ledger.disturbed(process, `is stopped until ${process.resumesAt.toFixed(1)}`);
  }

  #takeAway(store: SimStore): void {
    const { random, scheduler } = this.#world;
    const kind = random.pick(["away", "refuses", "read-only"] as const);
    const process = random.chance(0.5) ? undefined : random.pick(this.#processes);
    const length = random.pick([300, 3000, 20_000, 60_000]);
    scheduler.note(`the store is ${kind} for ${process?.name ?? "all"}, for ${length} ms`);
    store.outages.push({ until: scheduler.now + length, kind, process });
  }

  #turnClock(): void {
    const { random, scheduler } = this.#world;
    const process = random.pick(this.#processes);
    process.wallOffset += random.pick([-7_200_000, 7_200_000]);
    scheduler.note(`${process.name}'s wall clock is turned`);
  }

  #sometime(act: () => void): void {
    const { scheduler, random, configuration } = this.#world;
    scheduler.schedule(random.between(0, configuration.duration), "mischief", act);
  }
}
