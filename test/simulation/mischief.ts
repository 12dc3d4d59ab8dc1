import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { SimStore } from "./sim-store.ts";
import type { World } from "./world.ts";

/** Whoever kills, stops and closes processes, turns their clocks, takes the store away and meddles with its entries. */
export class Mischief {
  readonly #world: World;
  readonly #processes: SimProcess[];
  readonly #server: SimServer;
  readonly #replace: (process: SimProcess) => void;
  readonly #close: (process: SimProcess) => void;
  /** Purposes that the server refuses. */
  refusals = 0;
  #crashes: number;
  #pauses: number;
  #closings: number;

  constructor(world: World, server: SimServer, replace: (process: SimProcess) => void, close: (process: SimProcess) => void) {
    this.#world = world;
    this.#processes = world.processes;
    this.#server = server;
    this.#replace = replace;
    this.#close = close;
    const { faults, closings } = world.configuration;
    this.#crashes = faults.crashes;
    this.#pauses = faults.pauses;
    this.#closings = closings;
  }

  /** From now on, for as long as callers come. */
  begin(store: SimStore, subjects: readonly string[], logIn: (subject: string) => void): void {
    const { outages, loss, jumps, meddling, refusals } = this.#world.configuration.faults;
    for (let left = outages; left > 0; left -= 1) this.#sometime(() => this.#takeAway());
    for (let left = meddling; left > 0; left -= 1) this.#sometime(() => this.#meddle(store, this.#world.random.pick(subjects), logIn));
    for (let left = jumps; left > 0; left -= 1) this.#sometime(() => this.#turnClock());
    for (let left = refusals; left > 0; left -= 1) this.#sometime(() => this.#refuse(this.#world.random.pick(subjects)));
    if (loss) this.#sometime(() => store.loseEverything());
  }

  /** After each step of a process: the moments in which a token request is under way are the ones that matter. */
  after(process: SimProcess): void {
    const { random, ledger, faultsAreOver, scheduler } = this.#world;
    const left = this.#crashes + this.#pauses + this.#closings;
    // What goes on does so for a moment at least.
    if (faultsAreOver || left === 0 || !process.alive || process.resumesAt === scheduler.now) return;
    if (!random.chance(ledger.isBusy(process) ? 0.03 : 0.001)) return;
    const drawn = random.whole(1, left);
    if (drawn <= this.#crashes) this.#kill(process);
    else if (drawn <= this.#crashes + this.#pauses) this.#stop(process);
    else if (process.closing === "no") {
      this.#closings -= 1;
      this.#close(process);
    }
  }

  #kill(process: SimProcess): void {
    this.#crashes -= 1;
    process.end(this.#world.scheduler.now);
    this.#world.ledger.disturbed(process, "died");
    this.#replace(process);
  }

  /** One process, or all of them: their machine sleeps. */
  #stop(process: SimProcess): void {
    const { random, scheduler, configuration, ledger } = this.#world;
    this.#pauses -= 1;
    const until = scheduler.now + 1000 * configuration.timeouts.request * random.pick([0.05, 0.7, 1.2, 2, 4]);
    const areAll = random.chance(0.2);
    for (const each of areAll ? this.#processes.filter(({ alive, resumesAt }) => alive && resumesAt < scheduler.now) : [process]) {
      each.stop(scheduler.now, until);
      ledger.disturbed(each, `is stopped until ${until.toFixed(1)}`);
    }
    // It may be stopped again before it has done much, as a function instance is after each call.
    if (this.#pauses > 0 && random.chance(0.4)) {
      const again = (): void => {
        if (process.alive && process.resumesAt <= scheduler.now && !this.#world.faultsAreOver && this.#pauses > 0) this.#stop(process);
      };
      scheduler.schedule(until - scheduler.now + random.pick([5, 100, 700]), "is stopped again", again);
    }
  }

  /** An operator makes a mistake, and somebody logs in after it. What nobody may overwrite is deleted before. */
  #meddle(store: SimStore, subject: string, logIn: (subject: string) => void): void {
    const { random, scheduler, configuration } = this.#world;
    const how = random.pick(["was deleted", "was deleted", "rubbish", "newer format"] as const);
    store.meddle(subject, how);
    const wait = random.pick([0, 50, 3000, 30_000]);
    scheduler.schedule(wait, "the operator looks again", () => {
      if (how === "newer format" && store.isForeign(subject)) store.meddle(subject, "was deleted");
      if (configuration.spends && (how !== "was deleted" || random.chance(0.7))) logIn(subject);
    });
  }

  /** From now on the login that stands there gets no access tokens for one purpose. */
  #refuse(subject: string): void {
    const { random, scheduler, ledger, configuration } = this.#world;
    const purpose = this.#world.purposeOf(random.whole(0, configuration.purposes - 1)) ?? "";
    const how = random.pick(["interaction_required", "invalid_scope"] as const);
    const session = ledger.logins.current(subject);
    if (session === undefined) return;
    this.refusals += 1;
    scheduler.note(`the server will refuse "${purpose}" to ${session.name}: ${how}`);
    this.#server.refuse(session, purpose, how);
  }

  #takeAway(): void {
    const { random, scheduler } = this.#world;
    const kind = random.pick(["away", "refuses", "read-only"] as const);
    const process = random.chance(0.5) ? undefined : random.pick(this.#processes);
    const length = random.pick([300, 3000, 20_000, 60_000]);
    scheduler.note(`the store is ${kind} for ${process?.name ?? "all"}, for ${length} ms`);
    this.#world.outages.push({ until: scheduler.now + length, kind, process });
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
