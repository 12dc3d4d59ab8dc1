import { collectYoungGarbage } from "./collect-garbage.ts";
import type { Contender, Sample, Values } from "./sample.ts";
import { spent, type Spent } from "./spent.ts";
import { spreadOf } from "./statistics.ts";
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
 * Compares what one piece of work costs each racer, in microseconds. A round consists of many short turns, and the one in the middle tells
 * what it cost: now and then the engine collects all garbage, which takes as long as twenty turns, and whose turn it is then pays for what
 * everybody left. That is never asked for here, because code runs slower for a while after it.
 */
export async function race(racers: readonly Racer[], { rounds, turns, turn, leavesGarbage }: RaceOptions): Promise<Sample[]> {
  const repeats = racers.map(({ repeat }) => repeat);
  const times = await warmUp(repeats, turn);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const costs = racers.map((): Spent[] => []);
    for (let each = 0; each < turns * racers.length; each += 1) {
      // The order moves on by one with each turn: A B C, B C A, C A B.
      const which = (each + Math.floor(each / racers.length)) % racers.length;
      const cost = await spent(async () => {
        await repeats[which]?.(times);
        if (leavesGarbage) collectYoungGarbage();
      });
      costs[which]?.push(cost);
    }
    samples.push(...racers.map(({ name, role }, which) => ({ contender: name, role, round, values: middleOf(costs[which] ?? [], times) })));
  }
  return samples;
}

function middleOf(costs: readonly Spent[], times: number): Values {
  const middle = (measure: keyof Spent): number => spreadOf(costs.map((cost) => cost[measure])).median / times;
  return { cpu: middle("cpu"), wall: middle("wall") };
}
