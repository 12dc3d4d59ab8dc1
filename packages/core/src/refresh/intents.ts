import { wait } from "../clock.ts";
import type { VersionedRecord } from "./cell.ts";
import type { Refresh } from "./refresh.ts";
import type { SubjectParts } from "./subject-parts.ts";
import { withIntent, withoutOwner } from "./transitions.ts";

/** An entry that this process may write its intent into. */
export interface Claimable extends VersionedRecord {
  /** The owner of its intent was silent until the deadline, and may be alive all the same. */
  readonly hadSilentOwner: boolean;
}

/** Waits while the owner may be alive; the refreshes `ownIds` surely sent nothing. Resolves to undefined when the entry has changed. */
export async function waitForOwner(
  parts: SubjectParts,
  seen: VersionedRecord,
  refresh: Refresh,
  ownIds: readonly (string | undefined)[],
): Promise<Claimable | undefined> {
  const { intent } = seen.record;
  if (intent === undefined) return { ...seen, hadSilentOwner: false };
  const wasSent = !ownIds.includes(intent.owner);
  const mayAct = wasSent && intent.unresolved !== true;
  if (mayAct && (await waitForChange(parts, seen, refresh, intent.deadline))) return undefined;
  return { version: seen.version, record: withoutOwner(seen.record, wasSent), hadSilentOwner: mayAct };
}

/**
 * Writes this refresh's intent. Resolves to undefined when another process was faster.
 *
 * Over the intent of a silent owner it is an announcement at first. Example: A has used R1 up, and its store took no writes until just now. B
 * writes its intent. A's next attempt to write the result succeeds while B waits, and B takes A's token set. Without that wait, B would send
 * R1 a second time and end the session.
 */
export async function writeIntent(parts: SubjectParts, claimable: Claimable, refresh: Refresh): Promise<VersionedRecord | undefined> {
  const { cell, limits } = parts;
  const claim = await cell.replace(claimable, withIntent(claimable.record, refresh.id, limits.intentTimeout));
  if (claim === undefined || !claimable.hadSilentOwner) return claim;
  return (await waitForChange(parts, claim, refresh, limits.takeoverWait)) ? undefined : claim;
}

/** Waits for at most `longest` milliseconds, by this machine's own clock. Resolves to whether another writer has changed the entry. */
export async function waitForChange(parts: SubjectParts, seen: VersionedRecord, refresh: Refresh, longest: number): Promise<boolean> {
  const { cell, clock } = parts;
  const until = clock.monotonic() + longest;
  let hint = new AbortController();
  const stop = cell.watch(() => hint.abort());
  try {
    for (let delay = 20; clock.monotonic() < until; delay = Math.min(delay * 1.3, 200)) {
      await wait(clock, delay, hint.signal, refresh.urgency === "blocking");
      hint = new AbortController();
      if ((await cell.read()).version !== seen.version) return true;
    }
    return false;
  } finally {
    stop();
  }
}
