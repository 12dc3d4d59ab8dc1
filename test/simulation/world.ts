import type { Configuration } from "./configuration.ts";
import type { Place } from "./handed-tokens.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

/** A time in which operations fail. */
export interface Outage {
  readonly until: number;
  /** "away": nothing is answered; "refuses": errors; "read-only": only writes fail. */
  readonly kind: "away" | "refuses" | "read-only";
  /** Undefined: for everybody. */
  readonly process: SimProcess | undefined;
}

const purposeNames = [undefined, "b", "c"] as const;

/** What every part of a simulation knows. */
export class World {
  readonly configuration: Configuration;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  /** From here on everything works. */
  faultsAreOver = true;
  outages: Outage[] = [];
  /** Those that run now. */
  readonly processes: SimProcess[] = [];

  constructor(configuration: Configuration, random: Random, scheduler: Scheduler, ledger: Ledger) {
    this.configuration = configuration;
    this.random = random;
    this.scheduler = scheduler;
    this.ledger = ledger;
  }

  /** Token caches, or pools, of one process: so many for each purpose. */
  get cachesOfProcess(): number {
    return this.configuration.caches * this.configuration.purposes;
  }

  /** What the access tokens of one of a process's caches are for; nothing, for the first purpose. */
  purposeOf(which: number): string | undefined {
    return purposeNames[which % this.configuration.purposes];
  }

  /** One of a process's caches for a subject. */
  somePlace(process: SimProcess, subject: string): Place {
    return this.placeOf(process, subject, this.random.whole(0, this.cachesOfProcess - 1));
  }

  placeOf(process: SimProcess, subject: string, which = 0): Place {
    return { process, subject, which, purpose: this.purposeOf(which) ?? "" };
  }

  outageOf(process: SimProcess, operation: "read" | "write"): Outage["kind"] | undefined {
    const { now } = this.scheduler;
    return this.outages.find(
      ({ until, kind, process: one }) =>
        until > now && (one === undefined || one === process) && (kind !== "read-only" || operation === "write"),
    )?.kind;
  }
}

type Chances = Pick<World, "random" | "configuration" | "faultsAreOver">;

/** The time of one way through the network. */
export function wayThrough({ random, configuration }: Chances): number {
  return configuration.latency * random.between(0.2, 1.5);
}

/** Whether a fault of this probability happens now. */
export function happens({ random, faultsAreOver }: Chances, probability: number): boolean {
  return !faultsAreOver && probability > 0 && random.chance(probability);
}
