import { redisStore } from "@tokenflight/redis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startSentinel, type RedisServer } from "../setup/redis.ts";
import {
  clusterConfig,
  clusterKinds,
  endClient,
  formCluster,
  sentinelKinds,
  singleKinds,
  storeClient,
  type AnyClient,
  type RedisKind,
} from "./redis-kinds.ts";
import { describeWithRedis } from "./with-redis.ts";

const silent = (): void => {};
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Moments in which a connection is being made. Some clients need more of them until it is there. */
const moments = 40;

interface Opened {
  readonly client: AnyClient;
  readonly store: ReturnType<typeof redisStore>;
  /** What the store's listener has been told. */
  readonly told: unknown[][];
}

/** A store with a listener and a client that is not connected yet. */
function open(kind: RedisKind, port: number): Opened {
  const client = kind.create(port);
  const store = redisStore({ client: storeClient(client), warn: silent });
  const told: unknown[][] = [];
  store.watchAll((...said) => told.push(said));
  return { client, store, told };
}

function watches(kinds: readonly RedisKind[], server: () => RedisServer, port: () => number): void {
  let admin: ReturnType<typeof createClient>;
  beforeAll(async () => {
    admin = createClient({ url: server().url });
    await admin.connect();
  });
  afterEach(() => void vi.useRealTimers());
  afterAll(() => admin.destroy());
  /** Without those of a sentinel, which come and go as it likes. */
  const connections = async (): Promise<number> =>
    (await admin.sendCommand<string>(["CLIENT", "LIST"]))
      .trim()
      .split("\n")
      .filter((line) => !line.includes(" name=sentinel-")).length;
  const subscribers = async (): Promise<unknown> =>
    (await admin.sendCommand<unknown[]>(["PUBSUB", "NUMSUB", "tokenflight:changes"])).map(Number)[1];

  describe.each(kinds)("with $name", (kind) => {
    it("begins when its client is connected, and ends with it", async () => {
      const { client, told } = open(kind, port());
      expect(await subscribers()).toBe(0);
      await client.connect();
      await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
      expect(await subscribers()).toBe(1);
      await endClient(client);
      await vi.waitFor(async () => expect(await subscribers()).toBe(0), 5000);
    });

    it("has no trouble any more once its client is connected, or answers", async () => {
      const { client, store } = open(kind, port());
      client.emit("error", new Error("no server there"));
      expect(store.trouble()?.message).toBe("no server there");
      await client.connect();
      await vi.waitFor(() => expect(store.trouble()).toBeUndefined(), 5000);
      // Clusters look for their nodes anew, and tell that none was found, but not that they are there again.
      client.emit("error", new Error("no server there any more"));
      expect(store.trouble()?.message).toBe("no server there any more");
      await store.read("any");
      expect(store.trouble()).toBeUndefined();
      await store.close();
      await endClient(client);
    });

    it("leaves no connection behind, in whichever moment the store is closed", async () => {
      const rejected = vi.fn<(reason: unknown) => void>();
      process.on("unhandledRejection", rejected);
      onTestFinished(() => void process.off("unhandledRejection", rejected));
      const client = kind.create(port());
      await client.connect();
      await redisStore({ client: storeClient(client), warn: silent }).read("any");
      const before = await connections();
      for (let moment = 0; moment < moments; moment += 1) {
        const store = redisStore({ client: storeClient(client), warn: silent });
        store.watch("any", silent);
        store.read("any").catch(silent);
        for (let turn = 0; turn < moment; turn += 1) await nextTurn();
        await store.close();
      }
      // What is being made at the end is there by then.
      await new Promise((resolve) => void setTimeout(resolve, 100));
      await vi.waitFor(async () => expect(await connections()).toBeLessThanOrEqual(before), 5000);
      expect(rejected).not.toHaveBeenCalled();
      await endClient(client);
    });

    it("is told within half a minute that anything may have changed when messages were lost, and hears again", async () => {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
      const { client, store, told } = open(kind, port());
      await client.connect();
      await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
      // The store's own message has come back when a later one has.
      const other = redisStore({ client: admin, warn: silent });
      for (let reads = 0; reads < 3; reads += 1) await store.read("any");
      await other.compareAndSet(crypto.randomUUID(), undefined, "heard");
      await vi.waitFor(() => expect(told).toHaveLength(2), 5000);
      told.length = 0;
      const kill = admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
      await Promise.all([kill, other.compareAndSet(crypto.randomUUID(), undefined, "not heard")]);
      await vi.waitFor(async () => expect(await subscribers()).toBe(1), 5000);
      vi.advanceTimersByTime(30_000);
      await vi.waitFor(() => expect(told).toContainEqual([undefined, undefined]), 5000);
      const key = crypto.randomUUID();
      const version = await other.compareAndSet(key, undefined, "heard");
      await vi.waitFor(() => expect(told).toContainEqual([key, version]), 5000);
      await store.close();
      await endClient(client);
    });
  });
}

describeWithRedis("the connection for messages to one server", (server) => {
  watches(singleKinds, server, () => server().port);

  describe.each(singleKinds)("with $name", (kind) => {
    it("is made anew when the client gave it up, and has one of its own", async () => {
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
      const { client, store, told } = open(kind, server().port);
      const never = { retryStrategy: () => null, socket: { port: server().port, reconnectStrategy: false } };
      const duplicable = client as unknown as { duplicate(options?: object): object };
      const { duplicate } = duplicable;
      duplicable.duplicate = (options) => duplicate.call(client, { ...options, ...never });
      const admin = await createClient({ url: server().url }).connect();
      await client.connect();
      await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
      await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
      const subscribers = (): Promise<string[]> => admin.sendCommand<string[]>(["PUBSUB", "CHANNELS"]);
      await vi.waitFor(async () => expect(await subscribers()).toEqual([]), 5000);
      // The client has noticed when it answers: what ended that connection was sent before.
      await store.read("any");
      await nextTurn();
      vi.advanceTimersByTime(30_000);
      await vi.waitFor(async () => expect(await subscribers()).toHaveLength(1), 5000);
      told.length = 0;
      const key = crypto.randomUUID();
      const version = await redisStore({ client: admin, warn: silent }).compareAndSet(key, undefined, "one");
      await vi.waitFor(() => expect(told).toContainEqual([key, version]), 5000);
      await store.close();
      await endClient(client);
      admin.destroy();
    });
  });
});

describeWithRedis("the connection for messages through sentinels", (server) => {
  let sentinel: Awaited<ReturnType<typeof startSentinel>> | undefined;
  beforeAll(async () => {
    sentinel = await startSentinel(server());
  });
  afterAll(() => sentinel?.[Symbol.asyncDispose]());
  watches(sentinelKinds, server, () => sentinel?.port ?? 0);
});

describeWithRedis(
  "the connection for messages to a cluster",
  (server) => {
    beforeAll(() => formCluster(server()));
    watches(clusterKinds, server, () => server().port);
  },
  clusterConfig,
);
