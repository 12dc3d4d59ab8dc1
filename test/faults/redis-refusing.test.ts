import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { obtained, patience } from "./obtained.ts";
import { lifetime } from "./shared-login.ts";
import { testRedisFaults, type RedisSetting } from "./redis-trouble.ts";
import {
  expectNextGeneration,
  goesOn,
  holdNextAnswer,
  outlast,
  outlastInMidRequest,
  troubleSeen,
  writesAgain,
  type StoreTrouble,
} from "./store-trouble.ts";

/** Out of memory: `maxmemory` with noeviction, so that each write is refused. */
const full = ({ admin }: RedisSetting): StoreTrouble => ({
  begin: () => admin.command("CONFIG", "SET", "maxmemory", "1"),
  end: () => admin.command("CONFIG", "SET", "maxmemory", "0"),
  says: "OOM",
});

/** A replica, as after a failover that the client has not noticed: it answers what it has and refuses each write. */
const readOnly = ({ admin }: RedisSetting): StoreTrouble => ({
  // Nobody listens on that port, so that it keeps what it has.
  begin: () => admin.command("REPLICAOF", "127.0.0.1", "1"),
  end: () => admin.command("REPLICAOF", "NO", "ONE"),
  says: "READONLY",
});

/** A primary that wants a replica to have each write, and has lost its own. */
const alone = ({ admin }: RedisSetting): StoreTrouble => ({
  begin: () => admin.command("CONFIG", "SET", "min-replicas-to-write", "1"),
  end: () => admin.command("CONFIG", "SET", "min-replicas-to-write", "0"),
  says: "NOREPLICAS",
});

/** It could not write a snapshot, as on a full disk. */
const unsaved = ({ admin, server }: RedisSetting): StoreTrouble => ({
  async begin() {
    // A folder stands where the snapshot is to go.
    mkdirSync(join(server.folder, "dump.rdb"));
    await admin.command("CONFIG", "SET", "save", "3600 1");
    await admin.command("BGSAVE");
    await vi.waitUntil(async () => /last_bgsave_status:err/.test(String(await admin.command("INFO", "persistence"))), patience);
  },
  end: () => admin.command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"),
  says: "MISCONF",
});

async function outlastFromMemory(setting: RedisSetting): Promise<void> {
  const { login } = setting;
  const { one, two, server, refreshes, skip } = login;
  const trouble = full(setting);
  skip(lifetime);
  const { begun, release } = holdNextAnswer(login);
  const renewing = obtained(one);
  renewing.catch(() => {});
  await begun;
  await trouble.begin();
  release();
  const renewed = await renewing;
  expect(server.isActive(renewed.accessToken)).toBe(true);
  expect(one.tokens.peek()).toBe(renewed);
  await troubleSeen(one, "write", trouble.says);
  // The intent stands for the others: they wait, and send nothing.
  await expect(two.tokens.get({ signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: "TimeoutError" });
  expect(refreshes()).toBe(1);
  await trouble.end();
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  await expectNextGeneration(login, 2);
}

/** Longer than an intent stands for: the others take its owner for gone, and its owner has the new pair in its hands. */
async function outlastDeadline(setting: RedisSetting): Promise<void> {
  const { login } = setting;
  const { one, two, refreshes, skip, server } = login;
  const trouble = full(setting);
  skip(lifetime);
  const { begun, release } = holdNextAnswer(login);
  const renewing = obtained(one);
  renewing.catch(() => {});
  await begun;
  await trouble.begin();
  release();
  const renewed = await renewing;
  // The intent is found to be an orphan, and cannot be replaced.
  await expect(two.tokens.get()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
  await trouble.end();
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
  expect(server.isActive(renewed.accessToken)).toBe(true);
  await expectNextGeneration(login, 2);
}

testRedisFaults("a Redis that refuses writes", [
  {
    fault: "out of memory for longer than an intent stands for",
    expected: "the owner that lives gets its result in before the others send the old refresh token",
    timeouts: { request: 3 },
    run: outlastDeadline,
  },
  { fault: "out of memory", expected: goesOn, run: (setting) => outlast(setting.login, full(setting)) },
  {
    fault: "out of memory during a token request",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, full(setting)),
  },
  { fault: "read-only", expected: goesOn, run: (setting) => outlast(setting.login, readOnly(setting)) },
  {
    fault: "read-only during a token request",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, readOnly(setting)),
  },
  { fault: "without the replicas that it wants", expected: goesOn, run: (setting) => outlast(setting.login, alone(setting)) },
  { fault: "unable to save", expected: goesOn, run: (setting) => outlast(setting.login, unsaved(setting)) },
  {
    fault: "out of memory for longer than a token request may take",
    expected: "the new pair is handed out from memory, and stored as soon as that is possible",
    timeouts: { request: 3 },
    run: outlastFromMemory,
  },
]);
