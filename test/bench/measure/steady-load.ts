/** One request of a steady load. */
export interface Latency {
  /** When it was to be sent, in milliseconds since the UNIX epoch. */
  readonly due: number;
  /** Milliseconds from then until it was answered. */
  readonly took: number;
  readonly failed: boolean;
}

/**
 * Sends `rate` requests a second through each of the functions, whether or not earlier ones have been answered. All of them are due in the
 * same moments, and take turns in going first. Each starts in a turn of the event loop's own, as what comes from a network does: were all
 * that are late started in one, those with a promise more on their way would be sent behind all the others, not behind one. Resolves to
 * the latencies of each when all are answered.
 */
export async function steadyLoad(sends: readonly (() => Promise<unknown>)[], rate: number, seconds: number): Promise<Latency[][]> {
  const gap = 1000 / rate;
  const total = rate * seconds;
  const latencies: Latency[][] = sends.map(() => []);
  const pending: Promise<void>[] = [];
  const began = performance.now();
  const epoch = performance.timeOrigin + began;

  const fire = async (which: number, offset: number): Promise<void> => {
    let failed = false;
    try {
      await sends[which]?.();
    } catch {
      failed = true;
    }
    latencies[which]?.push({ due: epoch + offset, took: performance.now() - began - offset, failed });
  };

  const inTurnOfItsOwn = (which: number, offset: number): Promise<void> =>
    new Promise((resolve) => setImmediate(() => resolve(fire(which, offset))));

  await new Promise<void>((resolve) => {
    let next = 0;
    const tick = (): void => {
      for (; next < total && next * gap <= performance.now() - began; next += 1) {
        for (let turn = 0; turn < sends.length; turn += 1) pending.push(inTurnOfItsOwn((turn + next) % sends.length, next * gap));
      }
      if (next < total) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
  await Promise.all(pending);
  return latencies;
}
