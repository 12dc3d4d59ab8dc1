import type { RedisStoreOptions } from "@tokenflight/redis";
import { Cluster, Redis } from "ioredis";
import * as lowest from "ioredis-lowest";
import { createClient, createCluster, createSentinel } from "redis";
import { createClient as createLowestClient, createCluster as createLowestCluster } from "redis-lowest";
import { vi } from "vitest";
import type { RedisServer } from "../setup/redis.ts";

/** A client of any kind, as the tests use it. */
export interface AnyClient {
  connect(): Promise<unknown>;
  /** Ends it: of node-redis. */
  destroy?(): unknown;
  /** Ends it: of ioredis. */
  disconnect(): unknown;
  on(event: string, listener: () => void): unknown;
  emit(event: string, error: Error): unknown;
}

/** A kind of client that can have a connection for messages. */
export interface RedisKind {
  readonly name: string;
  /** It is not connected yet. `port` is the server's, or the sentinel's. */
  create(port: number): AnyClient;
}

const kind = (name: string, create: (port: number) => unknown): RedisKind => ({
  name,
  create(port) {
    const client = create(port) as AnyClient;
    client.on("error", () => {});
    return client;
  },
});

const [LowestRedis, LowestCluster] = [lowest.default as unknown as typeof Redis, lowest.Cluster as unknown as typeof Cluster];

const host = "127.0.0.1";
const urlOf = (port: number): string => `redis://${host}:${port}`;
const throughSentinel = (port: number): object => ({ sentinels: [{ host, port }], name: "main", lazyConnect: true });

export const singleKinds: readonly RedisKind[] = [
  kind("ioredis", (port) => new Redis(port, { lazyConnect: true })),
  kind("ioredis-5.0.0", (port) => new LowestRedis(port, { lazyConnect: true })),
  kind("node-redis", (port) => createClient({ url: urlOf(port) })),
  kind("node-redis-5.10.0", (port) => createLowestClient({ url: urlOf(port) })),
];

/** A sentinel of node-redis 5 cannot be duplicated. */
export const sentinelKinds: readonly RedisKind[] = [
  kind("ioredis", (port) => new Redis(throughSentinel(port))),
  kind("ioredis-5.0.0", (port) => new LowestRedis(throughSentinel(port))),
  kind("node-redis", (port) => createSentinel({ name: "main", sentinelRootNodes: [{ host, port }] })),
];

export const clusterKinds: readonly RedisKind[] = [
  kind("ioredis", (port) => new Cluster([urlOf(port)], { lazyConnect: true })),
  kind("ioredis-5.0.0", (port) => new LowestCluster([urlOf(port)], { lazyConnect: true })),
  kind("node-redis", (port) => createCluster({ rootNodes: [{ url: urlOf(port) }] })),
  kind("node-redis-5.10.0", (port) => createLowestCluster({ rootNodes: [{ url: urlOf(port) }] })),
];

export const storeClient = (client: AnyClient): RedisStoreOptions["client"] => client as unknown as RedisStoreOptions["client"];

export const endClient = (client: AnyClient): unknown => (client.destroy === undefined ? client.disconnect() : client.destroy());

export const clusterConfig = { "cluster-enabled": "yes", "cluster-announce-ip": host } as const;

/** Makes a cluster of one server that was started with `clusterConfig`. */
export async function formCluster(server: RedisServer): Promise<void> {
  const client = await createClient({ url: server.url }).connect();
  await client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
  await vi.waitUntil(async () => (await client.sendCommand<string>(["CLUSTER", "INFO"])).includes("cluster_state:ok"), 5000);
  client.destroy();
}
