import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Crash } from "../processes/member-commands.ts";
import type { StoreSetting } from "../processes/member-setting.ts";
import { crashRows, faultOf } from "./crash-rows.ts";
import { startCrashSetting, type CrashSetting, type Member } from "./crash-setting.ts";
import { addUp, expectedCounts, type CrashCounts, type CrashRun } from "./crash-tally.ts";
import { noteRow } from "./fault-row.ts";

export interface CrashSuite {
  /** The part of the page. */
  readonly group: string;
  readonly signal: Crash["signal"];
  /** How often each point is tried; half of it with each provider, where it matters which one it is. */
  readonly runs: number;
  readonly store: () => StoreSetting;
  /** Whether the others learn at once that the process has ended. */
  readonly endIsKnown?: boolean;
  /** Called once for each provider, before its rows. Gives what does all runs of one row. */
  readonly prepare: (
    setting: CrashSetting,
    runs: number,
  ) => Promise<(newRun: () => Promise<CrashRun>, runs: number) => Promise<CrashCounts[]>>;
}

/** Every row of the table, each a test of its own: the counts over all runs have to be exactly those of the row. */
export function describeCrashes({ group, signal, runs, store, endIsKnown = false, prepare }: CrashSuite): void {
  for (const provider of ["strict", "with a grace time"] as const) {
    describe(`provider ${provider}`, () => {
      let setting: CrashSetting;
      let survivor: Member;
      let runAll: Awaited<ReturnType<CrashSuite["prepare"]>>;

      beforeAll(async () => {
        setting = await startCrashSetting({ store: store(), server: { graceTime: provider === "strict" ? 0 : 600 } });
        survivor = await setting.startMember();
        runAll = await prepare(setting, runs);
      }, 120_000);
      afterAll(() => setting[Symbol.asyncDispose]());

      it.for(crashRows.filter((row) => row.provider === provider).map((row) => [faultOf(signal, row), row] as const))(
        "%s",
        { timeout: 240_000 },
        async ([fault, row], { task }) => {
          const rowRuns = runs / crashRows.filter(({ point }) => point === row.point).length;
          const newRun = async (): Promise<CrashRun> => {
            const { key, accessToken: old } = await setting.logIn();
            return { setting, survivor, row, key, old };
          };
          const counts = addUp(await runAll(newRun, rowRuns));
          const expected = (signal === "SIGSTOP" ? row.expectedOfStopped : endIsKnown ? row.expectedOfKnownEnd : undefined) ?? row.expected;
          noteRow(task, { group, fault, expected, counts });
          const { "token requests": requests, ...others } = expectedCounts(row, rowRuns);
          expect(counts).toMatchObject(others);
          expect(counts["token requests"]).toBeGreaterThanOrEqual(requests);
          expect(counts["token requests"]).toBeLessThanOrEqual(expected === row.expectedOfStopped ? requests + rowRuns : requests);
        },
      );
    });
  }
}
