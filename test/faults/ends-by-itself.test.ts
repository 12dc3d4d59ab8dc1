import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobSetting } from "../processes/job-setting.ts";
import type { StoreSetting } from "../processes/member-setting.ts";
import { startProgram } from "../processes/start-program.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";

const group = "Ends";
/** Milliseconds, longer than the store timeout of a cache. */
const lockedFor = 2500;

type Trouble = "nothing goes wrong" | "the first write fails" | "the file is locked for 2.5 s";
type Last = JobSetting["last"];

const ways: readonly (readonly [last: Last, trouble: Trouble])[] = [
  ["waits for a token", "the first write fails"],
  ["waits for a token", "the file is locked for 2.5 s"],
  ["leaves a refresh behind", "nothing goes wrong"],
  ["leaves a refresh behind", "the first write fails"],
  ["leaves a refresh behind", "the file is locked for 2.5 s"],
];

describe("a program that ends by itself", () => {
  const folder = temporaryFolder();
  let setting: EdgeSetting;
  beforeAll(async () => {
    setting = await startEdgeSetting();
  });
  afterAll(async () => {
    await setting[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  const newStore = (): StoreSetting & { kind: "sqlite" } => ({ kind: "sqlite", path: folder.file(`${crypto.randomUUID()}.db`) });

  async function endBy(last: Last, trouble: Trouble): Promise<{ kept: boolean; requests: number; gotToken: boolean; code: number | null }> {
    const store = newStore();
    const { key } = await setting.logIn(store);
    let requests = 0;
    setting.onTokenRequest(key, async (_request, carryOut) => {
      requests += 1;
      const answer = await carryOut();
      if (trouble === "the file is locked for 2.5 s") lock(store.path);
      // The program has nothing else to do meanwhile.
      else await sleep(300);
      return answer;
    });
    const given: JobSetting = { ...setting.memberOf(store), key, last, writeFails: trouble === "the first write fails" };
    await using job = startProgram("job.ts", given);
    const { code } = await job.ended;
    const gotToken = last !== "waits for a token" || job.lines.some((line) => line.startsWith('outcome {"ok":true'));
    return { ...(await setting.nextStart(store, key)), requests, gotToken, code };
  }

  it("a refresh is under way, and somebody waits for it or nobody does", { timeout: 240_000 }, async ({ task }) => {
    const runs = repetitions({ ordinary: ways.length, full: 50 });
    const queue = new PQueue({ concurrency: ways.length });
    const ended = await queue.addAll(
      Array.from({ length: runs }, (_, run) => () => endBy(...(ways[run % ways.length] as (typeof ways)[0]))),
    );
    const counts = {
      runs,
      "token requests of the programs": ended.reduce((sum, { requests }) => sum + requests, 0),
      "logins lost": ended.filter(({ kept }) => !kept).length,
      "callers without their token": ended.filter(({ gotToken }) => !gotToken).length,
      "ended with an error": ended.filter(({ code }) => code !== 0).length,
    };
    noteRow(task, {
      group,
      fault:
        "the program comes to its end while a refresh is under way, for a caller or in the background; the first write of the result fails, or the database is locked for 2.5 s: SQLite",
      expected: "the process ends when the result is stored, and the next start has its login",
      counts,
    });
    expect(counts).toEqual({
      runs,
      "token requests of the programs": runs,
      "logins lost": 0,
      "callers without their token": 0,
      "ended with an error": 0,
    });
  });

  it("nothing is under way", { timeout: 60_000 }, async ({ task }) => {
    const runs = repetitions({ ordinary: 3, full: 20 });
    const took: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const store = newStore();
      const { key } = await setting.logIn(store);
      await using job = startProgram("job.ts", { ...setting.memberOf(store), key, last: "does nothing" } satisfies JobSetting);
      const done = await job.said("done");
      const { at, code } = await job.ended;
      expect(code).toBe(0);
      took.push(at - done);
    }
    const counts = { runs, "longest time from its last line to its end, ms": Math.round(Math.max(...took)) };
    noteRow(task, {
      group,
      fault: "the program comes to its end with a fresh token, and nothing is under way: SQLite",
      expected: "the process ends at once: what waits for changes holds nothing",
      counts,
    });
    // The shortest timeout of the library is a second.
    expect(Math.min(...took)).toBeLessThan(800);
  });
});

function lock(path: string): void {
  const connection = new DatabaseSync(path, { timeout: 5000 });
  connection.exec("BEGIN IMMEDIATE");
  setTimeout(() => connection.close(), lockedFor);
}
