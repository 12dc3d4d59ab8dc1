import { collectYoungGarbage } from "./collect-garbage.ts";
import type { Contender, Sample } from "./sample.ts";
import { spent } from "./spent.ts";
import { warmUp, type Repeat } from "./warm-up.ts";

/** Something small, done over and over. */
export interface Racer extends Contender {
  readonly repeat: Repeat;
}

export interface RaceOptions {
  readonly rounds: number;
  /** Turns that each racer has in one round. */
  readonly turns: number;
  /** Milliseconds that a turn of the first racer takes; the others do the same work as often. */
  readonly turn: number;
  /** Whether each turn ends with collecting what it left behind, so that nobody else pays for it. Not for work that leaves next to nothing. */
  readonly leavesGarbage: boolean;
}

/**
 * Compares what one piece of work costs each racer, in microseconds. A round consists of many short turns, so that noise falls on all
 * alike. All garbage is never collected in between: code runs slower for a while after that.
 */
export async function race(racers: readonly Racer[], { rounds, turns, turn, leavesGarbage }: RaceOptions): Promise<Sample[]> {
  const repeats = racers.map(({ repeat }) => repeat);
  const times = await warmUp(repeats, turn);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const sums = racers.map(() => ({ cpu: 0, wall: 0 }));
    for (let each = 0; each < turns * racers.length; each += 1) {
      // The order moves on by one with each turn: A B C, B C A, C A B.
      const which = (each + Math.floor(each / racers.length)) % racers.length;
      const { cpu, wall } = await spent(async () => {
        await repeats[which]?.(times);
        if (leavesGarbage) collectYoungGarbage();
      });
      const sum = sums[which] as (typeof sums)[number];
      sum.cpu += cpu / (times * turns);
      sum.wall += wall / (times * turns);
    }
    samples.push(...racers.map(({ name, role }, which) => ({ contender: name, role, round, values: { ...sums[which] } })));
  }
  return samples;
}
