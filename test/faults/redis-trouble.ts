import { redisStore } from "@tokenflight/redis";
import { describe, it } from "vitest";
import { redisDrivers, type Connected, type RedisDriver } from "../stores/redis-drivers.ts";
import { reasonNotToRun, redisServer } from "../setup/programs.ts";
import { startRedis, type RedisServer } from "../setup/redis.ts";
import { startTcpProxy, type TcpProxy } from "../setup/tcp-proxy.ts";
import { noteRow } from "./fault-row.ts";
import { startSharedLogin, type SharedLogin, type SharedLoginOptions, type StoreConnection } from "./shared-login.ts";

/** What a test of one fault is given: a server of its own, and a login that is shared through it. */
export interface RedisSetting {
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
  readonly login: SharedLogin;
  /** A client that is no holder's, past any proxy: it does what befalls the server. */
  readonly admin: Connected;
}

export interface RedisFault {
  /** What is done, for the page; the driver's name is added. */
  readonly fault: string;
  /** What the test holds, as a sentence without its full stop. */
  readonly expected: string;
  /** Lines of redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  readonly timeouts?: SharedLoginOptions["timeouts"];
  /** Whether holders connect through the proxy. Default: false, straight to the server. */
  readonly proxied?: boolean;
  readonly run: (setting: RedisSetting) => Promise<void>;
}

const reason = reasonNotToRun(redisServer);

/** Opens a store over a client of its own. */
export async function openRedisStore(driver: RedisDriver, url: string): Promise<StoreConnection> {
  const { client, close } = await driver.connect(url);
  const store = redisStore({ client, warn: () => {} });
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close?.();
      close();
    },
  };
}

/** One test for each driver and fault, with a server of its own each, and one row of the page from it. */
export function testRedisFaults(name: string, faults: readonly RedisFault[]): void {
  describe.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, () => {
    for (const driver of redisDrivers) {
      for (const { fault, expected, config, timeouts = {}, proxied = false, run } of faults) {
        it.concurrent(`${fault}, with ${driver.name}`, { timeout: 60_000 }, async ({ task }) => {
          await using server = await startRedis(config);
          await using proxy = await startTcpProxy(server.port);
          const url = proxied ? `redis://127.0.0.1:${proxy.port}` : server.url;
          await using login = await startSharedLogin({ open: () => openRedisStore(driver, url), timeouts });
          const admin = await driver.connect(server.url);
          try {
            await admin.command("PING");
            await run({ server, proxy, login, admin });
          } finally {
            admin.close();
          }
          noteRow(task, { group: "Redis", fault: `${fault}, with ${driver.name}`, expected, counts: login.counts() });
        });
      }
    }
  });
}
