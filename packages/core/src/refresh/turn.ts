import { waitFor } from "../clock/waits.ts";
import type { Refresh, SubjectParts } from "./refresh.ts";

/** Milliseconds that a refresh may wait in the queue before it counts as silent. */
const longestTurn = 3_600_000;

/** Runs a task when its turn at the token endpoint has come, unless the cache is closed before. Throws what the task throws, and ERR_CLOSED. */
export async function inTurn<Result>(
  { queue, clock, lifetime, limits }: SubjectParts,
  refresh: Refresh,
  task: () => Promise<Result>,
): Promise<Result> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  lifetime.closing.addEventListener("abort", leave);
  // The queue may be long.
  refresh.silentAfter = clock.monotonic() + longestTurn;
  const begin = (): Promise<Result> => {
    lifetime.closing.removeEventListener("abort", leave);
    return task();
  };
  const { id, urgency, atOnce } = refresh;
  try {
    return await waitFor(queue.run(begin, { id, urgency, timeout: limits.slotTimeout, atOnce }), leaving.signal);
  } catch (error) {
    if (leaving.signal.aborted) lifetime.requireOpen();
    throw error;
  } finally {
    lifetime.closing.removeEventListener("abort", leave);
  }
}
