import { spent } from "./spent.ts";

/** Does its work this many times. */
export type Repeat = (times: number) => unknown;

/** Milliseconds that each is run for at least before anything is measured. */
const warmth = 400;

/**
 * Runs everything until its code is compiled, in turns, because what they share is compiled for all of them. Resolves to how many times
 * the first does its work in `duration` milliseconds.
 */
export async function warmUp(repeats: readonly Repeat[], duration: number): Promise<number> {
  let times = 16;
  let first = await turnThrough(repeats, times);
  for (let total = first; first < duration || total < warmth; total += first) {
    // A turn too short to tell the time by is made longer; at most 16 times, because the first ones are slower than all that follow.
    if (first < duration) times = Math.ceil(times * Math.min(16, Math.max(1.5, duration / first)));
    first = await turnThrough(repeats, times);
  }
  return Math.max(1, Math.round((times * duration) / first));
}

/** Milliseconds of processor time that the first one took. */
async function turnThrough(repeats: readonly Repeat[], times: number): Promise<number> {
  const costs: number[] = [];
  for (const repeat of repeats) costs.push((await spent(() => repeat(times))).cpu / 1000);
  return Math.max(costs[0] ?? 0, 0.01);
}
