import type { RedisStoreOptions } from "@tokenflight/redis";
import { Redis } from "ioredis";
import LowestRedis from "ioredis-lowest";
import { createClient } from "redis";
import { createClient as createLowestClient } from "redis-lowest";

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
  /** Its clients take ioredis's options, and do what ioredis does. */
  readonly isIoredis: boolean;
  /** It never answers rightly again when its connection is lost while a command is sent. */
  readonly mixesUp?: boolean;
  connect(url: string): Promise<Connected>;
}

const ignore = (): void => {};

const ioredis = (name: string, Client: typeof Redis): RedisDriver => ({
  name,
  isIoredis: true,
  async connect(url) {
    // A user with a name may be one who may not ask for INFO, on which ioredis would print a warning.
    const enableReadyCheck = !url.includes("@");
    const client = new Client(url, { retryStrategy: () => 20, maxRetriesPerRequest: null, enableReadyCheck });
    client.on("error", ignore);
    return {
      client,
      command: (command, ...words) => client.call(command, ...words),
      lost: () => new Promise((resolve) => client.once("reconnecting", resolve)),
      close: () => client.disconnect(),
    };
  },
});

const nodeRedis = (name: string, create: typeof createClient): RedisDriver => ({
  name,
  isIoredis: false,
  async connect(url) {
    const client = create({ url, socket: { reconnectStrategy: 20 } });
    client.on("error", ignore);
    await client.connect();
    return {
      client,
      command: (...words) => client.sendCommand(words),
      lost: () => new Promise((resolve) => client.once("reconnecting", resolve)),
      close: () => client.destroy(),
    };
  },
});

/** The newest versions. */
export const redisDrivers: readonly RedisDriver[] = [ioredis("ioredis", Redis), nodeRedis("node-redis", createClient)];

/** The newest and the lowest ones. node-redis 5 speaks version 2 of Redis's protocol, and 6 version 3. */
export const allRedisDrivers: readonly RedisDriver[] = [
  ...redisDrivers,
  ioredis("ioredis-5.0.0", LowestRedis as unknown as typeof Redis),
  { ...nodeRedis("node-redis-5.10.0", createLowestClient as unknown as typeof createClient), mixesUp: true },
];
