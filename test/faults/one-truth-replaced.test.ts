import { createTokenCache, storeKey } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { MemberCommands } from "../processes/member-commands.ts";
import type { StoreSetting } from "../processes/member-setting.ts";
import { openStore } from "../processes/open-store.ts";
import { startProcess } from "../processes/start-process.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { startEdgeSetting, type EdgeSetting } from "./edge-setting.ts";
import { noteRow } from "./fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";

const runs = repetitions({ ordinary: 5, full: 20 });

let setting: EdgeSetting;
beforeAll(async () => {
  setting = await startEdgeSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());

/** The session's entry is deleted, and the user logs in anew, while another process holds the third generation of the session of before. */
async function replace({ task }: TestContext, name: string, where: StoreSetting): Promise<void> {
  const { server } = setting;
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const source = client.refreshToken();
  await using store = await openStore(where);
  await using member = await startProcess<MemberCommands>("member.ts", setting.memberOf(where));
  let good = 0;
  let kept = 0;
  for (let run = 0; run < runs; run += 1) {
    const { key } = await setting.logIn(where);
    await member.ask("get", key);
    await member.ask("renew", key);
    const old = await member.ask("renew", key);

    const name = await storeKey(source.identity, key);
    await store.compareAndSet(name, (await store.read(name))?.version, undefined);
    if (old.ok) server.revokeFamilyOf(old.accessToken);
    await createTokenCache({ source, store, key }).save(await client.exchangeCode(await server.login()));

    if (setting.isGood(await member.ask("renew", key))) good += 1;
    if ((await setting.nextStart(where, key)).kept) kept += 1;
  }
  const counts = { runs, "tokens of the new session obtained": good, "new sessions lost": runs - kept };
  noteRow(task, {
    group: "One truth",
    fault: `an entry is deleted and the user logs in anew, while a process holds the third generation of the session of before: ${name}`,
    expected: "the new session is in the store, and the process takes it up",
    counts,
  });
  expect(counts).toEqual({ runs, "tokens of the new session obtained": runs, "new sessions lost": 0 });
}

describe("a session that was replaced, over SQLite", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  it("does not come back: SQLite", { timeout: 240_000 }, (context) =>
    replace(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") }),
  );
});

describeWithRedis("a session that was replaced, over Redis", (redis) => {
  it("does not come back: Redis with ioredis", { timeout: 240_000 }, (context) =>
    replace(context, "Redis with ioredis", { kind: "ioredis", url: redis().url }),
  );
});
