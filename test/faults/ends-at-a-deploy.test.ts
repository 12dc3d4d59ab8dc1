import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { StoreSetting } from "../processes/member-setting.ts";
import type { ServiceSetting } from "../processes/service-setting.ts";
import { startProgram } from "../processes/start-program.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";

const users = 40;
/** Milliseconds that the token endpoint takes for each answer. */
const slowness = 300;
const runs = repetitions({ ordinary: 1, full: 20 });

let setting: EdgeSetting;
beforeAll(async () => {
  setting = await startEdgeSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());

/** Starts a pool, and sends it SIGTERM when so many token requests have come. */
async function deploy(store: StoreSetting, requests: number): Promise<{ kept: number; begun: number; code: number | null; took: number }> {
  const logins = await Promise.all(Array.from({ length: users }, () => setting.logIn(store)));
  const keys = logins.map(({ key }) => key);
  const enough = Promise.withResolvers<void>();
  let begun = 0;
  for (const key of keys) {
    setting.onTokenRequest(key, async (_request, carryOut) => {
      begun += 1;
      if (begun === requests) enough.resolve();
      const answer = await carryOut();
      await sleep(slowness);
      return answer;
    });
  }
  await using service = startProgram("service.ts", { ...setting.memberOf(store), keys, end: "cache, then store" } satisfies ServiceSetting);
  await Promise.race([enough.promise, service.ended]);
  const stopped = performance.now();
  service.signal("SIGTERM");
  const { code, at } = await service.ended;
  const sent = begun;
  for (const key of keys) setting.onTokenRequest(key, (_request, carryOut) => carryOut());
  const found = await Promise.all(keys.map((key) => setting.nextStart(store, key)));
  return { kept: found.filter(({ kept }) => kept).length, begun: sent, code, took: at - stopped };
}

async function deployOften({ task }: TestContext, name: string, store: StoreSetting): Promise<void> {
  const reused = setting.server.stats.refreshTokenReuses;
  const ended: Awaited<ReturnType<typeof deploy>>[] = [];
  for (let run = 0; run < runs; run += 1) ended.push(await deploy(store, 6 + (run % 20)));
  const counts = {
    runs,
    "logins in each": users,
    "logins lost": ended.reduce((sum, { kept }) => sum + users - kept, 0),
    "refreshes begun before SIGTERM or at it": ended.reduce((sum, { begun }) => sum + begun, 0),
    "refresh tokens sent twice": setting.server.stats.refreshTokenReuses - reused,
    "longest time until the end, ms": Math.round(Math.max(...ended.map(({ took }) => took))),
  };
  noteRow(task, {
    group: "Ends",
    fault: `a pool of ${users} users at a deploy, refreshes of many under way, the program closes its pool, then its store: ${name}`,
    expected: "those that have begun are stored, no others begin, and the next start has all logins",
    counts,
  });
  expect(counts).toMatchObject({ "logins lost": 0, "refresh tokens sent twice": 0 });
  expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
  // SIGTERM came in the middle.
  expect(Math.min(...ended.map(({ begun }) => begun))).toBeLessThan(users);
}

describe("a pool at a deploy over SQLite", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  it("keeps all logins: SQLite", { timeout: 240_000 }, (context) =>
    deployOften(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") }),
  );
});

describeWithRedis("a pool at a deploy over Redis", (redis) => {
  for (const kind of ["ioredis", "node-redis"] as const) {
    it(`keeps all logins: Redis with ${kind}`, { timeout: 240_000 }, (context) =>
      deployOften(context, `Redis with ${kind}`, { kind, url: redis().url }),
    );
  }
});
