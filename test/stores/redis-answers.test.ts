import { redisStore, type RedisStore } from "@tokenflight/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { startTcpProxy } from "../setup/tcp-proxy.ts";
import { allRedisDrivers, type RedisDriver } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

const silent = (): void => {};

interface Case {
  readonly store: RedisStore;
  /** Another client, past the proxy. */
  readonly other: RedisStore;
  /** An answer is lost, and from then on the client takes each answer for the one to the command before. */
  mixUp(): Promise<void>;
}

async function open(driver: RedisDriver, port: number): Promise<Case> {
  const proxy = await startTcpProxy(port);
  const [one, two] = [await driver.connect(`redis://127.0.0.1:${proxy.port}`), await driver.connect(`redis://127.0.0.1:${port}`)];
  const [store, other] = [one, two].map(({ client }) => redisStore({ client, warn: silent })) as [RedisStore, RedisStore];
  onTestFinished(async () => {
    await store.close();
    one.close();
    two.close();
    await proxy[Symbol.asyncDispose]();
  });
  const key = crypto.randomUUID();
  // The first command asks about the server, too.
  await store.read(key);
  await one.command("PING");
  return {
    store,
    other,
    async mixUp() {
      proxy.dropNextReply();
      await expect(store.read(key, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" });
    },
  };
}

const patience = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(500) });

describeWithRedis("a Redis client that takes answers for those to other commands", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    it("gives nobody the entry of somebody else", async () => {
      const { store, other, mixUp } = await open(driver, server().port);
      const keys = Array.from({ length: 10 }, () => crypto.randomUUID());
      for (const key of keys) await other.compareAndSet(key, undefined, `of ${key}`);
      await mixUp();
      const reads = await Promise.allSettled(keys.map((key) => store.read(key, patience())));
      const read = reads.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      expect(read).toEqual([]);
      // All but the last have got an answer, and know that it is not theirs.
      const told = reads.slice(0, -1).map((result) => result.status === "rejected" && (result.reason as unknown));
      for (const error of told)
        expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", message: expect.stringContaining("another command") });
      for (const error of told) expect(String(error)).not.toMatch(new RegExp(keys.join("|")));
    });

    it("tells nobody of a write that was another one's", async () => {
      const { store, other, mixUp } = await open(driver, server().port);
      const [taken, free] = [crypto.randomUUID(), crypto.randomUUID()];
      const theirs = await other.compareAndSet(taken, undefined, "theirs");
      await mixUp();
      const writes = [taken, free, taken, free].map((key, index) => store.compareAndSet(key, undefined, `ours ${index}`, patience()));
      const settled = await Promise.allSettled(writes);
      expect(settled.filter(({ status }) => status === "fulfilled")).toEqual([]);
      expect(await other.read(taken)).toEqual({ value: "theirs", version: theirs });
      expect(await other.read(free)).toMatchObject({ value: "ours 1" });
    });
  });
});
