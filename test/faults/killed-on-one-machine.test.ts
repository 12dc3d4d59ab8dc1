import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { MemberSetting } from "../processes/member-setting.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { killableProcess, killableThread, killOwner, type Killable, type KilledRun } from "./kill-an-owner.ts";
import { medianAndLargest } from "./milliseconds.ts";
import { promised, repetitions } from "../setup/repetitions.ts";

const group = "Killed on one machine";
/** One of them comes when the owner is dead, the others wait for it already. */
const othersOfEach = 3;
const runs = repetitions({ ordinary: 5, full: 50 });
/** Of client credentials; more would have their token requests in one moment. */
const loginsAtOneTime = 3;

let setting: EdgeSetting;
beforeAll(async () => {
  setting = await startEdgeSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());

const startOthers = (member: MemberSetting, start: (member: MemberSetting) => Promise<Killable>): Promise<Killable[]> =>
  Promise.all(Array.from({ length: othersOfEach }, () => start(member)));

describe("the owner of a refresh is killed, and the store knows", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());

  async function killOften({ task }: TestContext, what: string, start: (member: MemberSetting) => Promise<Killable>): Promise<void> {
    const member = setting.memberOf({ kind: "sqlite", path: folder.file("tokens.db") });
    const { requests, stats } = setting.server;
    const [requestsBefore, reusedBefore] = [requests.length, stats.refreshTokenReuses];
    const others = await startOthers(member, start);
    const killed: KilledRun[] = [];
    try {
      for (let run = 0; run < runs; run += 1) killed.push(await killOwner(setting, member, start, others));
    } finally {
      await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
    }
    const { median, largest } = medianAndLargest(killed.flatMap(({ waits }) => waits));
    const counts = {
      runs,
      others: othersOfEach,
      "token requests": requests.slice(requestsBefore).filter(({ grantType }) => grantType === "refresh_token").length,
      "sessions lost": killed.filter(({ kept }) => !kept).length,
      "refresh tokens sent twice": stats.refreshTokenReuses - reusedBefore,
      "median wait of the others, ms": median,
      "largest wait, ms": largest,
    };
    noteRow(task, {
      group,
      fault: `${what} after its intent was written, refresh tokens that work once: SQLite`,
      expected: "the others know that it is dead, and go on at once with the only token request",
      counts,
    });
    expect(killed.flatMap(({ others: bad }) => bad)).toEqual([]);
    expect(counts).toMatchObject({ "token requests": runs, "sessions lost": 0, "refresh tokens sent twice": 0 });
    expect(median).toBeLessThanOrEqual(promised({ page: 300, ordinary: 1000 }));
  }

  it("a process that is killed", { timeout: 240_000 }, (context) => killOften(context, "SIGKILL of a process", killableProcess));
  it("a worker thread that is ended", { timeout: 240_000 }, (context) =>
    killOften(context, "the end of a worker thread, beside others of its process,", killableThread),
  );
});

/** All of them ask for a token, and wait for it. */
function askAll(others: readonly Killable[], key: string): Promise<{ readonly wait: number; readonly good: boolean }[]> {
  const began = performance.now();
  return Promise.all(
    others.map(async (other) => {
      const outcome = await other.ask("get", key);
      return { wait: performance.now() - began, good: setting.isGood(outcome) };
    }),
  );
}

describeWithRedis("the owner of a refresh falls silent, and its source uses nothing up", (redis) => {
  it.for([
    ["ioredis", "SIGKILL"],
    ["node-redis", "silence"],
  ] as const)("client credentials over Redis with %s, %s", { timeout: 120_000 }, async ([kind, signal], { task }) => {
    const runs = repetitions({ ordinary: 3, full: 20 });
    const member = { ...setting.memberOf({ kind, url: redis().url }), grant: "client credentials" } as const;
    const keys = Array.from({ length: runs }, () => crypto.randomUUID());
    await using owner = await killableProcess(member);
    const others = await startOthers(member, killableProcess);
    try {
      // Whoever has never sent a token request needs a moment more for the first one.
      for (const other of others) await other.ask("get", crypto.randomUUID());
      const held = owner.ask("holdAt", "intent-written", runs);
      for (const key of keys) owner.ask("get", key).catch(() => {});
      await held;
      if (signal === "SIGKILL") await owner.kill();
      const queue = new PQueue({ concurrency: loginsAtOneTime });
      const waited = await queue.addAll(keys.map((key) => () => askAll(others, key)));
      const all = waited.flat();
      const { median, largest } = medianAndLargest(all.map(({ wait }) => wait));
      const counts = {
        runs,
        others: othersOfEach,
        "calls without a token": all.filter(({ good }) => !good).length,
        "median wait of the others, ms": median,
        "largest wait, ms": largest,
      };
      noteRow(task, {
        group,
        fault: `${signal === "SIGKILL" ? "SIGKILL of a process" : "a process that falls silent"} after its intent was written, client credentials: Redis with ${kind}`,
        expected: "the others wait for a second, since asking twice does no harm",
        counts,
      });
      expect(counts["calls without a token"]).toBe(0);
      // A second, and the token request.
      expect(median).toBeLessThanOrEqual(promised({ page: 1500, ordinary: 3000 }));
    } finally {
      await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
    }
  });
});
