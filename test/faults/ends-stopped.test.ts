import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { StoreSetting } from "../processes/member-setting.ts";
import type { End } from "../processes/service-setting.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { phases, stopInPhase } from "./ends-stopped.ts";
import { noteRow } from "./fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";

const ends: readonly End[] = ["cache, then store", "store alone"];
const runs = repetitions({ ordinary: phases.length, full: 50 });
/** More processes that start at one time would only wait for each other. */
const atOneTime = 3;

let setting: EdgeSetting;
beforeAll(async () => {
  setting = await startEdgeSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());

async function stopOften({ task }: TestContext, name: string, store: StoreSetting, end: End): Promise<void> {
  const queue = new PQueue({ concurrency: atOneTime });
  const reused = setting.server.stats.refreshTokenReuses;
  const ended = await queue.addAll(
    Array.from(
      { length: runs },
      (_, run) => () => stopInPhase(setting, store, { phase: phases[run % phases.length] ?? "before-intent", end }),
    ),
  );
  const counts = {
    runs,
    "logins lost": ended.filter(({ kept }) => !kept).length,
    "refresh tokens sent twice": setting.server.stats.refreshTokenReuses - reused,
    "longest wait of the next start, ms": Math.round(Math.max(...ended.map(({ took }) => took))),
  };
  noteRow(task, {
    group: "Ends",
    fault: `SIGTERM at each phase of a background refresh, the program closes its ${end}: ${name}`,
    expected: "the refresh goes on to its stored result, the process ends by itself, and the next start has its login",
    counts,
  });
  expect(counts).toMatchObject({ "logins lost": 0, "refresh tokens sent twice": 0 });
  expect(ended.filter(({ endedWell }) => !endedWell)).toEqual([]);
  // Whoever left an intent behind lets the next one wait for its deadline.
  expect(counts["longest wait of the next start, ms"]).toBeLessThan(5000);
}

describe("a service that is stopped over SQLite", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  it.for(ends)("closes its %s: SQLite", { timeout: 240_000 }, (end, context) =>
    stopOften(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") }, end),
  );
});

describeWithRedis("a service that is stopped over Redis", (redis) => {
  for (const kind of ["ioredis", "node-redis"] as const) {
    it.for(ends)(`closes its %s: Redis with ${kind}`, { timeout: 240_000 }, (end, context) =>
      stopOften(context, `Redis with ${kind}`, { kind, url: redis().url }, end),
    );
  }
});
