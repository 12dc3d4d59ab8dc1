import { afterAll, beforeAll, describe } from "vitest";
import { reasonNotToRun, redisServer } from "../setup/programs.ts";
import { startRedis, type RedisServer } from "../setup/redis.ts";

const reason = reasonNotToRun(redisServer);

/**
 * Tests that share one redis-server of their own, started with these lines of redis.conf; or, where there is none to be had, tests
 * that are counted as skipped with the reason in their name.
 */
export function describeWithRedis(name: string, define: (server: () => RedisServer) => void, config?: Record<string, string>): void {
  describe.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, () => {
    let server: RedisServer | undefined;
    beforeAll(async () => {
      server = await startRedis(config);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());
    define(() => {
      if (server === undefined) throw new Error("The server is started before the first test.");
      return server;
    });
  });
}
