import type { RecordCell, Seen } from "./cell.ts";
import { sleep, type Clock } from "../clock.ts";

/**
 * Waits while another owner's intent stands. Resolves to false as soon as the entry changes, and to true when it has not changed
 * for the intent's deadline by this machine's own clock: two machines' clocks are never compared. The process stays alive while `hold` says that somebody waits.
 */
export async function isOrphan(
  cell: RecordCell,
  seen: Seen,
  deadline: number,
  clock: Clock,
  hold: () => boolean = () => false,
): Promise<boolean> {
  const until = clock.monotonic() + deadline;
  let hint = new AbortController();
  const stop = cell.watch(() => hint.abort());
  try {
    for (let delay = 20; clock.monotonic() < until; delay = Math.min(delay * 1.3, 200)) {
      await sleep(clock, delay, hint.signal, hold());
      hint = new AbortController();
      if ((await cell.read()).version !== seen.version) return false;
    }
    return true;
  } finally {
    stop();
  }
}
