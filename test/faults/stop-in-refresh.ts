import PQueue from "p-queue";
import { expect } from "vitest";
import { untilDone, type CrashSetting, type Member } from "./crash-setting.ts";
import { isGood, isOver, lookAround, type CrashCounts, type CrashRun } from "./crash-tally.ts";
import type { CrashSuite } from "./describe-crashes.ts";

/** They are stopped while another process waits for their deadlines, so there are many of them. */
const processes = 25;
/** The deadline of a refresh is short here: what comes before the crash must not wait for many others. */
const refreshesAtOneTime = 3;

/** Each run stops a process in its refresh, and lets it go on when another one has taken over. */
export const stopInRefresh: CrashSuite["prepare"] = async (setting, most) => {
  const victims = await Promise.all(Array.from({ length: Math.min(processes, most) }, () => setting.startVictim()));
  const refreshes = new PQueue({ concurrency: refreshesAtOneTime });
  return async (newRun, runs) => {
    const counts: CrashCounts[] = [];
    let begun = 0;
    const inTurn = async (_: Member, place: number): Promise<void> => {
      while (begun < runs) {
        begun += 1;
        counts.push(await stop(setting, newRun, refreshes, victims, place));
      }
    };
    await Promise.all(victims.map(inTurn));
    return counts;
  };
};

async function stop(
  setting: CrashSetting,
  newRun: () => Promise<CrashRun>,
  refreshes: PQueue,
  victims: Member[],
  place: number,
): Promise<CrashCounts> {
  const { run, victim, outcome } = await refreshes.add(() =>
    untilDone(async () => {
      const begun = await newRun();
      const victim = victims[place] as Member;
      const crashed = await setting.crash(victim, begun.key, { point: begun.row.point, signal: "SIGSTOP" });
      if (crashed !== undefined) return { run: begun, victim, ...crashed };
      // It may still come to that point, and stop when nobody expects it.
      await victim[Symbol.asyncDispose]();
      victims[place] = await setting.startVictim();
      return undefined;
    }),
  );
  const { key, row, survivor } = run;
  const seen = await lookAround(run);
  // It says that it stops just before it does, so that one signal alone could come too early.
  const waking = setInterval(() => victim.signal("SIGCONT"), 20);
  const late = await outcome.finally(() => clearInterval(waking));
  if (row.lost) {
    // The late owner may have put its tokens, whose family is dead, in place of the note that the session is over.
    for (const member of [survivor, victim, survivor]) {
      const found = await member.ask("get", key);
      expect(isOver(found) || isOver(await member.ask("renew", key))).toBe(true);
    }
  } else {
    const [found, own] = await Promise.all([survivor.ask("get", key), victim.ask("get", key)]);
    expect([isGood(setting, late), found, own]).toEqual([true, late, late]);
  }
  return { ...seen, "token requests": setting.requestsOf(key) };
}
