import type { TokenStore } from "@tokenflight/core";
import { redisStore, type RedisStoreOptions } from "@tokenflight/redis";
import { Cluster, Redis } from "ioredis";
import { createClientPool, createCluster, createSentinel } from "redis";
import { afterAll, beforeAll } from "vitest";
import { startSentinel } from "../setup/redis.ts";
import { storeContract } from "../contract/store.ts";
import { clusterConfig, formCluster } from "./redis-kinds.ts";
import { describeWithRedis } from "./with-redis.ts";

const withoutDuplicate = "it cannot be duplicated into a connection for messages";

type Client = RedisStoreOptions["client"];

/** The contract over stores with two clients of a kind. They are made once: some take a quarter of a second. */
function contractWith(
  name: string,
  connect: () => Promise<Client>,
  end: (client: never) => void,
  differences: Record<string, string> = {},
): void {
  let clients: Promise<Client[]> | undefined;
  storeContract({
    name,
    differences: { holder: "no server knows which of its clients has ended", ...differences },
    async open() {
      clients ??= Promise.all([connect(), connect()]);
      const [store, another] = (await clients).map((client) => redisStore({ client })) as [TokenStore, TokenStore];
      return {
        store,
        another: async () => another,
        close: async () => void (await Promise.all([store.close?.(), another.close?.()])),
      };
    },
  });
  afterAll(async () => {
    for (const client of (await clients) ?? []) end(client as never);
  });
}

describeWithRedis("other ways to use a server", (server) => {
  contractWith(
    "ioredis with a key prefix and a lazy connection",
    async () => new Redis(server().port, { keyPrefix: "app:", lazyConnect: true }),
    (client: Redis) => client.disconnect(),
  );

  contractWith(
    "a pool of node-redis",
    () => createClientPool({ url: server().url }).connect() as Promise<Client>,
    (client: { destroy(): void }) => client.destroy(),
    { watch: withoutDuplicate, "watch-all": withoutDuplicate },
  );
});

describeWithRedis("sentinels", (server) => {
  let sentinel: Awaited<ReturnType<typeof startSentinel>> | undefined;
  beforeAll(async () => {
    sentinel = await startSentinel(server());
  });
  afterAll(() => sentinel?.[Symbol.asyncDispose]());
  const sentinels = (): { host: string; port: number }[] => [{ host: "127.0.0.1", port: sentinel?.port ?? 0 }];

  contractWith(
    "ioredis with sentinels",
    async () => new Redis({ sentinels: sentinels(), name: "main" }),
    (client: Redis) => client.disconnect(),
  );

  contractWith(
    "createSentinel of node-redis",
    () => createSentinel({ name: "main", sentinelRootNodes: sentinels() }).connect() as Promise<Client>,
    (client: { destroy(): void }) => client.destroy(),
  );
});

describeWithRedis(
  "a cluster",
  (server) => {
    beforeAll(() => formCluster(server()));

    contractWith(
      "Cluster of ioredis",
      async () => new Cluster([server().url]),
      (client: Cluster) => client.disconnect(),
    );

    contractWith(
      "createCluster of node-redis",
      () => createCluster({ rootNodes: [{ url: server().url }] }).connect(),
      (client: { destroy(): void }) => client.destroy(),
    );
  },
  clusterConfig,
);
