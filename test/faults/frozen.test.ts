import { afterAll, beforeAll, describe, it, type TestContext } from "vitest";
import type { StoreSetting } from "../processes/member-setting.ts";
import { reasonNotToRun, redisServer } from "../setup/programs.ts";
import { startRedis, type RedisServer } from "../setup/redis.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { freeze, frozenAt, frozenFor, type FrozenRun } from "./freeze.ts";
import { repetitions } from "../setup/repetitions.ts";

const rounds = repetitions({ ordinary: 1, full: 3 });

/** All phases of all stores at one time: nearly all that they do is wait. */
async function freezeInAllPhases({ task, expect }: TestContext, setting: EdgeSetting, name: string, store: StoreSetting): Promise<void> {
  const seen: FrozenRun[] = [];
  for (let round = 0; round < rounds; round += 1) seen.push(...(await Promise.all(frozenAt.map((where) => freeze(setting, store, where)))));
  noteRow(task, {
    group: "Frozen",
    fault: `SIGSTOP for ${frozenFor / 1000} s at each phase of a refresh, with the library's timeouts, then SIGCONT: ${name}`,
    expected: "an answer that has arrived is taken, no session is lost, and the next call has its token",
    counts: {
      runs: seen.length,
      "sessions lost": seen.filter(({ nextStart }) => nextStart !== "good").length,
      "next calls without a token": seen.flatMap(({ nextCalls }) => nextCalls).filter((told) => told !== "good").length,
      "frozen calls that failed": seen.filter(({ frozenCall }) => frozenCall !== "good").length,
    },
  });
  expect(seen).toEqual(seen.map(({ where }) => ({ where, frozenCall: "good", nextCalls: ["good", "good"], nextStart: "good" })));
}

const reason = reasonNotToRun(redisServer);

// In one suite, so that all of them are frozen at one time.
describe("a process is frozen in its refresh, and thawed", () => {
  const folder = temporaryFolder();
  let redis: RedisServer | undefined;
  let setting: EdgeSetting;
  beforeAll(async () => {
    setting = await startEdgeSetting();
    redis = reason === undefined ? await startRedis() : undefined;
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
    await setting[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it.concurrent("twelve seconds over SQLite", { timeout: 240_000 }, (context) =>
    freezeInAllPhases(context, setting, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") }),
  );
  for (const kind of ["ioredis", "node-redis"] as const) {
    const title = `twelve seconds over Redis with ${kind}`;
    const options = { concurrent: true, skip: reason !== undefined, timeout: 240_000 };
    it(reason === undefined ? title : `${title} (${reason})`, options, (context) =>
      freezeInAllPhases(context, setting, `Redis with ${kind}`, { kind, url: redis?.url ?? "" }),
    );
  }
});
