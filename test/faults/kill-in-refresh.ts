import PQueue from "p-queue";
import { expect } from "vitest";
import { untilDone, type CrashSetting } from "./crash-setting.ts";
import { isOver, lookAround, type CrashCounts, type CrashRun } from "./crash-tally.ts";
import type { CrashSuite } from "./describe-crashes.ts";

/** More processes that start at one time would only wait for each other. */
const startsAtOneTime = 3;

/** Each run starts a process that kills itself in its first refresh. */
export const killInRefresh: CrashSuite["prepare"] = async (setting) => {
  const starts = new PQueue({ concurrency: startsAtOneTime });
  return (newRun, runs) => Promise.all(Array.from({ length: runs }, () => kill(setting, newRun, starts)));
};

async function kill(setting: CrashSetting, newRun: () => Promise<CrashRun>, starts: PQueue): Promise<CrashCounts> {
  const run = await starts.add(() =>
    untilDone(async () => {
      const begun = await newRun();
      await using victim = await setting.startVictim();
      if ((await setting.crash(victim, begun.key, { point: begun.row.point, signal: "SIGKILL" })) === undefined) return undefined;
      expect(await victim.ended).toBe("SIGKILL");
      return begun;
    }),
  );
  const { survivor, key, row } = run;
  const seen = await lookAround(run);
  if (row.lost) {
    // It stays over, and no loop begins.
    for (const command of ["get", "renew"] as const) expect(isOver(await survivor.ask(command, key))).toBe(true);
  }
  return { ...seen, "token requests": setting.requestsOf(key) };
}
