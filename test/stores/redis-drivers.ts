import type { RedisStoreOptions } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";

/** A connected client of either driver, as the tests use it. */
export interface Connected {
  readonly client: RedisStoreOptions["client"];
  /** Sends any command. */
  command(name: string, ...words: string[]): Promise<unknown>;
  /** Resolves when the client has noticed that its connection is lost. */
  lost(): Promise<unknown>;
  /** Closes it for good. */
  close(): void;
}

export interface RedisDriver {
  readonly name: string;
  connect(url: string): Promise<Connected>;
}

const ignore = (): void => {};

const ioredis: RedisDriver = {
  name: "ioredis",
  async connect(url) {
    // A user with a name may be one who may not ask for INFO, on which ioredis would print a warning.
    const enableReadyCheck = !url.includes("@");
    const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null, enableReadyCheck });
    client.on("error", ignore);
    return {
      client,
      command: (name, ...words) => client.call(name, ...words),
      lost: () => new Promise((resolve) => client.once("reconnecting", resolve)),
      close: () => client.disconnect(),
    };
  },
};

const nodeRedis: RedisDriver = {
  name: "node-redis",
  async connect(url) {
    const client = createClient({ url, socket: { reconnectStrategy: 20 } });
    client.on("error", ignore);
    await client.connect();
    return {
      client,
      command: (...words) => client.sendCommand(words),
      lost: () => new Promise((resolve) => client.once("reconnecting", resolve)),
      close: () => client.destroy(),
    };
  },
};

export const redisDrivers: readonly RedisDriver[] = [ioredis, nodeRedis];
