import type { Configuration } from "./configuration.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What every part of a simulation knows. */
export interface World {
  readonly configuration: Configuration;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  /** From here on everything works. */
  faultsAreOver: boolean;
}

/** The time of one way through the network. */
export function wayThrough({ random, configuration }: World): number {
  return configuration.latency * random.between(0.2, 1.5);
}

/** Whether a fault of this probability happens now. */
export function happens({ random, faultsAreOver }: World, probability: number): boolean {
  return !faultsAreOver && probability > 0 && random.chance(probability);
}
