import type { EventEmitter } from "node:events";
import { redisStore } from "@tokenflight/redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startTcpProxy, type TcpProxy } from "../setup/tcp-proxy.ts";
import { allRedisDrivers, type Connected } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

/** Rejections that nobody handles have been told of by then. */
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const second = "a second subscription that the server does not answer";

interface Subscribed {
  readonly store: ReturnType<typeof redisStore>;
  /** Another client, past the proxy. */
  readonly other: Connected;
  readonly proxy: TcpProxy;
  /** What the store's listener has been told. */
  readonly told: unknown[][];
  readonly rejected: unknown[];
  /** Resolves when the connection for messages has ended for good, and whatever it had under way with it. */
  readonly ended: Promise<void>;
  /** Connections that are subscribed to a channel. */
  subscribers(): Promise<number>;
}

describeWithRedis(second, (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    /**
     * A store that has subscribed, lost that connection and sent its subscription again, the answer to which stays in a proxy. `options` are ioredis's;
     * node-redis keeps its own.
     */
    async function subscribeAgain(options: object = {}): Promise<Subscribed> {
      const proxy = await startTcpProxy(server().port);
      const [one, other] = [await driver.connect(`redis://127.0.0.1:${proxy.port}`), await driver.connect(server().url)];
      const rejected: unknown[] = [];
      const note = (reason: unknown): void => void rejected.push(reason);
      process.on("unhandledRejection", note);
      const client = one.client as { duplicate: (...given: object[]) => EventEmitter; options?: object };
      if (driver.isIoredis) Object.assign(client.options ?? {}, options);
      const connections: EventEmitter[] = [];
      const { duplicate } = client;
      client.duplicate = (...given) => {
        const connection = duplicate.apply(client, given);
        connections.push(connection);
        return connection;
      };
      const store = redisStore({ client: one.client });
      onTestFinished(async () => {
        process.off("unhandledRejection", note);
        await store.close();
        for (const { close } of [one, other]) close();
        await proxy[Symbol.asyncDispose]();
      });

      const told: unknown[][] = [];
      store.watchAll((...said) => told.push(said));
      await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
      const sent = Promise.withResolvers<void>();
      for (const connection of connections) {
        connection.once("ready", () => {
          proxy.swallow();
          // Other listeners have heard of it by then.
          setImmediate(sent.resolve);
        });
      }
      const ended = Promise.all(connections.map((connection) => new Promise((resolve) => connection.once("end", resolve)))).then(nextTurn);
      await other.command("CLIENT", "KILL", "TYPE", "pubsub");
      await sent.promise;
      const subscribers = async (): Promise<number> =>
        String(await other.command("CLIENT", "LIST", "TYPE", "pubsub")).split("id=").length - 1;
      return { store, other, proxy, told, rejected, ended, subscribers };
    }

    it("leaves no rejection behind when the store is closed", async () => {
      const { store, proxy, rejected, ended, subscribers } = await subscribeAgain();
      await store.close();
      proxy.reset();
      await ended;
      await vi.waitFor(async () => expect(await subscribers()).toBe(0), 5000);
      expect(rejected).toEqual([]);
    });

    it.each([
      {},
      { autoResendUnfulfilledCommands: false },
      { autoResubscribe: false },
      { maxRetriesPerRequest: 0 },
      { enableOfflineQueue: false },
    ])("is sent once more when its connection is lost as well, whatever the client's options say of repeating: %j", async (options) => {
      const { other, proxy, told, rejected, subscribers } = await subscribeAgain(options);
      proxy.reset();
      proxy.restore();
      await vi.waitFor(async () => expect(await subscribers()).toBe(1), 5000);
      told.length = 0;
      const key = crypto.randomUUID();
      const version = await redisStore({ client: other.client }).compareAndSet(key, undefined, "one");
      await vi.waitFor(() => expect(told).toContainEqual([key, version]), 5000);
      expect(rejected).toEqual([]);
    });
  });
});
