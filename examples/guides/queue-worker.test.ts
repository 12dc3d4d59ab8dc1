import { createTokenPool, toTokenResponse } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import { startGuide } from "../../test/setup/guide-program.ts";
import { describeWithRedis } from "../../test/stores/with-redis.ts";

const service = { clientId: "service", clientSecret: "s-e_c.r~e+t", redirectUri: "http://127.0.0.1/callback" };

describeWithRedis("a queue worker", (redis) => {
  it("two of them refresh once; who has to log in is a dead letter; at SIGTERM they end by themselves", async () => {
    const server = await startAuthorizationServer({
      accessTokenLifetime: 600,
      clients: [{ ...service, metadata: { application_type: "native" } }],
    });
    const api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
    const admin = new Redis(redis().url);
    const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = service;
    const client = createOAuthClient({ issuer: server.issuer, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
    const store = redisStore({ client: admin });
    const users = createTokenPool({ source: () => client.refreshToken(), store });
    const login = toTokenResponse(await client.exchangeCode(await server.login({ client: service, scope: "openid offline_access" })));
    await users.for("alice").save({ ...login, expires_at: Date.now() / 1000 - 1 });
    await users.close();

    const jobs = ["alice", "alice", "bob"].map((user, index) => JSON.stringify({ user, order: `tea ${index}` }));
    // Jobs that nobody can do: they must not come back for ever.
    const impossible = ["no JSON", "null", JSON.stringify({ user: "", order: "tea" })];
    await admin.rpush("jobs", ...jobs, ...impossible);
    const env = { ISSUER: server.issuer, CLIENT_ID, CLIENT_SECRET, API_ORIGIN: api.origin, REDIS_URL: redis().url };
    const workers = [startGuide("queue-worker", env), startGuide("queue-worker", env)];
    await expect.poll(async () => [await admin.llen("done"), await admin.llen("dead")], { timeout: 15_000 }).toEqual([2, 4]);
    await Promise.all(workers.map(({ line }) => line("Waiting for jobs")));
    for (const { child } of workers) child.kill("SIGTERM");
    const printed = (await Promise.all(workers.map((worker) => worker.printed))).join("");

    expect((await admin.lrange("done", 0, -1)).toSorted()).toEqual(jobs.slice(0, 2));
    expect((await admin.lrange("dead", 0, -1)).toSorted()).toEqual([jobs[2], ...impossible].toSorted());
    expect([await admin.llen("jobs"), await admin.llen("working")]).toEqual([0, 0]);
    expect(printed).toContain("LoginRequiredError");
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });
    await store.close();
    admin.disconnect();
    await api.close();
    await server.close();
  });
});
