import { collectGarbage } from "./collect-garbage.ts";
import type { Contender, Sample, Values } from "./sample.ts";

/**
 * Measures contenders in turn, round after round, each round beginning with another one: whatever the machine does meanwhile, it does to
 * all of them. Garbage of what ran before is collected first, so that nobody pays for another one's.
 */
export async function interleave<Kind extends Contender>(
  contenders: readonly Kind[],
  rounds: number,
  measure: (contender: Kind, round: number) => Promise<Values>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of rotated(contenders, round)) {
      const { name, role } = contender;
      await collectGarbage();
      samples.push({ contender: name, role, round, values: await measure(contender, round) });
    }
  }
  return samples;
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
