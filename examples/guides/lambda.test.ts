import { createTokenPool, toTokenResponse } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startLambdaInstance } from "../../test/servers/lambda-instance.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import { describeWithRedis } from "../../test/stores/with-redis.ts";

describeWithRedis("the function of the guide, in two instances that are frozen between calls", (redis) => {
  it("sends each refresh token once, needs no token request when it is warm, and finds Redis again after a long sleep", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
    await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    const { clientId, clientSecret } = server.client;
    const client = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
    const own = new Redis(redis().url);
    await using users = createTokenPool({ source: () => client.refreshToken(), store: redisStore({ client: own }) });
    const login = toTokenResponse(await client.exchangeCode(await server.login({ scope: "openid offline_access" })));
    await users.for("alice").save({ ...login, expires_at: Date.now() / 1000 - 1 });

    const env = { ISSUER: server.issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_ORIGIN: api.origin, REDIS_URL: redis().url };
    const instances = await Promise.all([1, 2].map(() => startLambdaInstance(new URL("lambda.ts", import.meta.url), env)));
    await using ends = new AsyncDisposableStack();
    for (const instance of instances) ends.use(instance);
    const both = (): Promise<unknown[]> => Promise.all(instances.map((instance) => instance.invoke({ user: "alice" })));
    const answered = { statusCode: 200, body: "The API answered 200." };

    expect(await both()).toEqual([answered, answered]);
    expect(await both()).toEqual([answered, answered]);
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });

    // While they are frozen, the token is revoked, and their connections end.
    server.revokeAccessToken(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
    await own.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await own.call("CLIENT", "KILL", "TYPE", "pubsub");
    expect(await both()).toEqual([answered, answered]);
    expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { refresh_token: 2 } });

    expect(await instances[0]?.invoke({ user: "nobody" })).toEqual({ statusCode: 401, body: "Log in again." });
    server.revokeFamilyOf(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
    expect(await instances[0]?.invoke({ user: "alice" })).toEqual({ statusCode: 401, body: "Log in again." });
    await users.close();
    await own.quit();
  }, 60_000);
});
