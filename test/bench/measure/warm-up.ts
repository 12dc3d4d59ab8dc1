import { spent } from "./spent.ts";

/** Does its work this many times. */
export type Repeat = (times: number) => unknown;

/**
 * Runs every contender until its code is compiled, in turns, because what they share is compiled for all of them. Resolves to how many times
 * the first of them does its work in `duration` milliseconds, which is then a round for each.
 */
export async function warmUp(repeats: readonly Repeat[], duration: number): Promise<number> {
  let times = 16;
  for (let turn = 0; turn < 24; turn += 1) {
    const walls: number[] = [];
    for (const repeat of repeats) walls.push((await spent(() => repeat(times))).wall / 1000);
    const [first = 0] = walls;
    const enough = first >= duration * 0.7;
    // Twice a round's length for each contender, once the length is known.
    if (enough && turn > 0) {
      for (const repeat of repeats) await repeat(times);
      return Math.max(1, Math.round((times * duration) / first));
    }
    times = Math.ceil(times * Math.min(8, Math.max(1.5, duration / Math.max(first, 0.01))));
  }
  return times;
}
