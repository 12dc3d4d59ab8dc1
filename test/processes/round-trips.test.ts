import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { describe, expect, it, vi, type TestContext } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { countedStore } from "./counted-store.ts";
import type { StoreSetting } from "./member-setting.ts";
import { openStore } from "./open-store.ts";

const requests = 500;
const refreshes = 20;

async function countRoundTrips({ task }: TestContext, name: string, setting: StoreSetting): Promise<void> {
  await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken), record: false });
  await using opened = await openStore(setting);
  const { store, operations } = countedStore(opened);
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const open = (): TokenCache => createTokenCache({ source: client.refreshToken(), store, key: "user", timeouts: { store: 10 } });

  await open().save(await client.exchangeCode(await server.login()));
  operations();
  const tokens = open();
  await tokens.get();
  expect(operations()).toEqual({ reads: 1, writes: 0 });
  // Redis tells, once its subscription stands, that anything may have changed before: then the entry is looked at once more.
  await vi.waitFor(async () => expect(await tokens.get().then(operations)).toEqual({ reads: 1, writes: 0 }), 1000).catch(() => {});

  const send = bearer(tokens, { origins: api.origin })(fetch);
  for (let request = 0; request < requests; request += 1) expect((await send(`${api.origin}/`)).status).toBe(200);
  const withFresh = operations();
  expect(withFresh).toEqual({ reads: 0, writes: 0 });

  let most = 0;
  for (let refresh = 0; refresh < refreshes; refresh += 1) {
    await tokens.renew(await tokens.get());
    const { reads, writes } = operations();
    most = Math.max(most, reads + writes);
  }
  noteRow(task, {
    group: "The price",
    fault: `round trips to ${name}`,
    expected: "none for a request with a fresh token, at most 4 for a refresh",
    counts: {
      requests,
      "round trips of the requests": withFresh.reads + withFresh.writes,
      refreshes,
      "most round trips of a refresh": most,
    },
  });
  expect(server.stats.refreshes).toBe(refreshes);
  expect(most).toBeLessThanOrEqual(4);
}

describe("what a shared store costs", () => {
  it("round trips to SQLite", { timeout: 60_000 }, async (context) => {
    using folder = temporaryFolder();
    await countRoundTrips(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") });
  });
});

describeWithRedis("what a shared store costs in Redis", (redis) => {
  for (const kind of ["ioredis", "node-redis"] as const) {
    it(`round trips to Redis with ${kind}`, { timeout: 60_000 }, (context) =>
      countRoundTrips(context, `Redis with ${kind}`, { kind, url: redis().url }),
    );
  }
});
