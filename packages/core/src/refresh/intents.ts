import { longestLateness } from "../clock/clock.ts";
import { wait } from "../clock/waits.ts";
import { spends } from "../tokens/spending.ts";
import type { VersionedRecord } from "./cell.ts";
import type { Refresh, SubjectParts } from "./refresh.ts";
import { withIntent, withoutOwner } from "../record/transitions.ts";

/** An entry that this process may write its intent into. */
export interface Claimable extends VersionedRecord {
  /** The owner of its intent was silent until the deadline, and may be alive all the same. */
  readonly hadSilentOwner: boolean;
}

/** What this process knows of an intent that stands in the entry. */
export interface StandingIntent {
  readonly version: VersionedRecord["version"];
  readonly owner: string | undefined;
  /** Milliseconds for which this process has watched the entry without a change, in whichever refresh. */
  silence: number;
  /** Until when that was, by the monotonic clock: two refreshes may watch at the same time, after one was dropped. */
  watchedUntil: number;
}

export function newlySeen(version: VersionedRecord["version"], owner: string | undefined): StandingIntent {
  return { version, owner, silence: 0, watchedUntil: 0 };
}

/** Waits while the owner may be alive. `wasUnsent`: it is this process, and surely sent nothing. Resolves to undefined when the entry has changed. */
export async function waitForOwner(
  parts: SubjectParts,
  seen: VersionedRecord,
  refresh: Refresh,
  standing: StandingIntent,
  wasUnsent: boolean,
): Promise<Claimable | undefined> {
  const { intent, tokenSet } = seen.record;
  if (intent === undefined) return { ...seen, hadSilentOwner: false };
  const { source, limits } = parts;
  const isSpending = spends(source, tokenSet);
  const mayAct = !wasUnsent && intent.unresolved !== true;
  let isSilent = false;
  if (mayAct) {
    const longest = isSpending ? intent.deadline : Math.min(intent.deadline, limits.harmlessWait);
    const end = await waitForChange(parts, seen, refresh, longest, standing);
    if (end === "changed") return undefined;
    // An owner that is known to have ended writes nothing more.
    isSilent = end === "silence";
  }
  // An owner that was taking over may not have waited for the one before it, which may be alive. Asking twice does no harm when it uses nothing up.
  const isUnannounced = intent.doubtful === true && intent.unresolved !== true;
  return {
    ...seen,
    record: withoutOwner(seen.record, !wasUnsent && isSpending),
    hadSilentOwner: isSpending && (isSilent || isUnannounced),
  };
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
  const intent = { owner: refresh.id, holder: await cell.holder(), deadline: limits.intentTimeout };
  const claim = await cell.replace(claimable, withIntent(claimable.record, intent));
  if (claim === undefined || !claimable.hadSilentOwner) return claim;
  try {
    const end = await waitForChange(parts, claim, refresh, limits.takeoverWait, newlySeen(claim.version, refresh.id));
    return end === "changed" ? undefined : claim;
  } catch (error) {
    // It has sent nothing, and nobody has to wait for it: the cache was closed, or the store is away.
    await cell.replace(claim, claimable.record).catch(() => {});
    throw error;
  }
}

/** Milliseconds between two looks at the entry. */
const firstDelay = 20;
const longestDelay = 200;
/** The same, at the intent of a process whose end the store can know. */
const longestDelayForHolder = 100;

/** Waits for a change of the entry, for the end of the process that owns its intent, or until nothing has changed for so many milliseconds. */
export async function waitForChange(
  { cell, clock, limits, lifetime }: SubjectParts,
  seen: VersionedRecord,
  refresh: Refresh,
  longestSilence: number,
  standing: StandingIntent,
): Promise<"changed" | "gone" | "silence"> {
  const { intent } = seen.record;
  const holder = intent?.owner === refresh.id ? undefined : intent?.holder;
  const longest = holder === undefined ? longestDelay : longestDelayForHolder;
  let hint = new AbortController();
  const wake = (): void => hint.abort();
  const stop = cell.watch(wake);
  lifetime.closing.addEventListener("abort", wake);
  try {
    for (let delay = firstDelay; ; delay = Math.min(delay * 1.3, longest)) {
      if (await cell.isGone(holder)) return "gone";
      const left = Math.ceil(longestSilence - standing.silence);
      if (left <= 0) return "silence";
      const begun = clock.monotonic();
      refresh.silentAfter = begun + limits.longestStep;
      await wait(clock, Math.min(delay, left), hint.signal);
      lifetime.requireOpen();
      hint = new AbortController();
      if ((await cell.read()).version !== seen.version) return "changed";
      // The owner may have been stopped together with this process. Time in which this one could see nothing is no silence.
      const now = clock.monotonic();
      standing.silence += Math.min(now - Math.max(begun, standing.watchedUntil), delay + longestLateness);
      standing.watchedUntil = now;
    }
  } finally {
    stop();
    lifetime.closing.removeEventListener("abort", wake);
  }
}
