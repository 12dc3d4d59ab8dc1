import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { StoreSetting } from "../processes/member-setting.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { medianAndLargest } from "./milliseconds.ts";
import { promised, repetitions } from "../setup/repetitions.ts";
import { startWatchedSenders, type Reach, type WatchedSenders } from "./watched-senders.ts";

const runs = repetitions({ ordinary: 3, full: 50 });

let setting: EdgeSetting;
beforeAll(async () => {
  setting = await startEdgeSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());

type Change = "a login" | "a wider scope" | "another user" | "a logout";

/** Each change is made by another one of the processes. */
async function changeAll({ senders, login, reachOf }: WatchedSenders): Promise<Record<Change, Reach>> {
  const [one, two, three] = senders;
  const [alice, wider, bob] = [await login("openid read"), await login("openid read write"), await login("openid read")];
  const reach = {
    "a login": await reachOf(async () => one?.ask("save", alice), alice.access_token),
    "a wider scope": await reachOf(async () => two?.ask("save", wider), wider.access_token),
  };
  const wide = { state: "logged-in", scope: "openid read write" };
  expect(await Promise.all(senders.map((sender) => sender.ask("status")))).toEqual(senders.map(() => wide));
  const further = {
    "another user": await reachOf(async () => three?.ask("save", bob), bob.access_token),
    "a logout": await reachOf(async () => one?.ask("forget"), undefined),
  };
  const states = await Promise.all(senders.map((sender) => sender.ask("status")));
  expect(states.map(({ state }) => state)).toEqual(senders.map(() => "logged-out"));
  return { ...reach, ...further };
}

async function measure({ task }: TestContext, name: string, store: StoreSetting): Promise<void> {
  await using watched = await startWatchedSenders(setting, store);
  const seen: Record<Change, Reach>[] = [];
  for (let run = 0; run < runs; run += 1) seen.push(await changeAll(watched));
  const all = (change: Change): number[] => seen.flatMap((run) => run[change].waits);
  const of = (change: Change): number => medianAndLargest(all(change)).median;
  const reaches = seen.flatMap((run) => Object.values(run));
  const counts = {
    runs,
    processes: watched.senders.length,
    "until a login is known, median ms": of("a login"),
    "a wider scope": of("a wider scope"),
    "another user": of("another user"),
    "a logout": of("a logout"),
    "largest of all": medianAndLargest(reaches.flatMap(({ waits }) => waits)).largest,
    "tokens of the old user sent after that": reaches.reduce((sum, { oldAfterwards }) => sum + oldAfterwards, 0),
  };
  noteRow(task, {
    group: "One truth",
    fault: `three processes send requests with one login, and one of them logs in, gets a wider scope, logs in as another user, logs out: ${name}`,
    expected: "the others go on with what is true now, and nobody sends a token of before once it knows",
    counts,
  });
  expect(counts["tokens of the old user sent after that"]).toBe(0);
  for (const change of ["a login", "a wider scope", "another user", "a logout"] as const)
    expect([change, of(change) <= promised({ page: 100, ordinary: 300 })]).toEqual([change, true]);
}

describe("what one process does to a login, over SQLite", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  it("reaches the others: SQLite", { timeout: 240_000 }, (context) =>
    measure(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") }),
  );
});

describeWithRedis("what one process does to a login, over Redis", (redis) => {
  for (const kind of ["ioredis", "node-redis"] as const) {
    it(`reaches the others: Redis with ${kind}`, { timeout: 240_000 }, (context) =>
      measure(context, `Redis with ${kind}`, { kind, url: redis().url }),
    );
  }
});
