import { redisStore } from "@tokenflight/redis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { allRedisDrivers } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

const newKey = (): string => crypto.randomUUID();
const anything = [undefined, undefined];

afterEach(() => void vi.useRealTimers());

describeWithRedis("whoever watches a Redis store", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    /** Listens to all entries, and has heard that it began. */
    async function listen(store: ReturnType<typeof redisStore>): Promise<{ told: unknown[][]; stop(): void }> {
      const told: unknown[][] = [];
      const stop = store.watchAll((...said) => told.push(said));
      await vi.waitFor(() => expect(told).toEqual([anything]), 5000);
      told.length = 0;
      return { told, stop };
    }

    /** The server has the store's own message: it is sent behind the first read, and once more, whole, to a server that does not know the script yet. */
    async function published(store: ReturnType<typeof redisStore>): Promise<void> {
      for (let reads = 0; reads < 3; reads += 1) await store.read(newKey());
    }

    async function subscribers(): Promise<number> {
      const observer = await driver.connect(server().url);
      const clients = String(await observer.command("CLIENT", "LIST", "TYPE", "pubsub"));
      observer.close();
      return clients.split("id=").length - 1;
    }

    it("shares one channel and one connection, however many entries there are, and only that is closed", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = redisStore({ client, prefix: "sp*ci[a]l:" });
      await store.read(newKey());
      await vi.waitFor(async () => expect(await subscribers()).toBe(0), 5000);
      const stops = Array.from({ length: 50 }, () => store.watch(newKey(), () => {}));
      stops.push(
        store.watchAll(() => {}),
        store.watchAll(() => {}),
      );
      await vi.waitFor(async () => expect(await command("PUBSUB", "CHANNELS")).toEqual(["sp*ci[a]l:changes"]), 5000);
      expect(await subscribers()).toBe(1);
      for (const stop of stops) stop();
      await vi.waitFor(async () => expect(await command("PUBSUB", "CHANNELS")).toEqual([]), 5000);
      const again = store.watch(newKey(), () => {});
      await vi.waitFor(async () => expect(await command("PUBSUB", "CHANNELS")).toHaveLength(1), 5000);
      again();
      await store.close();
      await vi.waitFor(async () => expect(await subscribers()).toBe(0), 5000);
      expect(await command("PING")).toBe("PONG");
      close();
    });

    it("is told of others' writes with key and version, and of own ones once, when the reply is there", async () => {
      const [one, two] = [await driver.connect(server().url), await driver.connect(server().url)];
      const [store, other] = [one, two].map(({ client }) => redisStore({ client })) as [
        ReturnType<typeof redisStore>,
        ReturnType<typeof redisStore>,
      ];
      const { told } = await listen(store);
      const key = `${newKey()} \u{1F511}`;
      const own: string[] = [];
      let version: string | undefined;
      for (let round = 0; round < 20; round += 1) {
        version = await store.compareAndSet(key, version, `round ${round}`);
        own.push(version as string);
        expect(told.at(-1)).toEqual([key, version]);
      }
      expect(await store.compareAndSet(key, "another", "lost")).toBeUndefined();
      const foreign = await other.compareAndSet(key, version, undefined);
      await vi.waitFor(() => expect(told.at(-1)).toEqual([key, foreign]), 5000);
      expect(told).toEqual([...own, foreign].map((each) => [key, each]));
      for (const each of [store, other]) await each.close();
      for (const { close } of [one, two]) close();
    });

    it("goes on hearing when it stops and begins again at once", async () => {
      const [one, two] = [await driver.connect(server().url), await driver.connect(server().url)];
      const [store, other] = [redisStore({ client: one.client }), redisStore({ client: two.client })];
      for (let round = 0; round < 3; round += 1) {
        const { told, stop } = await listen(store);
        const key = newKey();
        const version = await other.compareAndSet(key, undefined, "one");
        await vi.waitFor(() => expect(told).toEqual([[key, version]]), 5000);
        stop();
      }
      for (const each of [store, other]) await each.close();
      for (const { close } of [one, two]) close();
    });

    it("is told the mark of each write, whatever it and the key look like, and of no other one", async () => {
      const [one, two] = [await driver.connect(server().url), await driver.connect(server().url)];
      const [store, other] = [redisStore({ client: one.client }), redisStore({ client: two.client })];
      const { told } = await listen(store);
      for (const key of [newKey(), `${newKey()}["key","mark"]`, `${newKey()} \u{1F511}\n"`]) {
        for (const writer of [store, other]) {
          for (const mark of ["lineage.1", '"],["', "", "\0\u{1F511}\uD800", undefined]) {
            const version = await writer.compareAndSet(key, (await writer.read(key))?.version, "one", { mark });
            await vi.waitFor(() => expect(told.at(-1)).toEqual(mark === undefined ? [key, version] : [key, version, mark]), 5000);
          }
        }
        const deleted = await other.compareAndSet(key, (await other.read(key))?.version, undefined, { mark: "lineage.2" });
        await vi.waitFor(() => expect(told.at(-1)).toEqual([key, deleted]), 5000);
      }
      expect(told).toHaveLength(3 * 11);
      for (const each of [store, other]) await each.close();
      for (const { close } of [one, two]) close();
    });

    it("is told nothing by what others publish on the channel", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = redisStore({ client });
      const { told } = await listen(store);
      for (const text of ["", "hello", "f".repeat(31), "F".repeat(32), '{"key":1}']) await command("PUBLISH", "tokenflight:changes", text);
      const key = newKey();
      const version = "f".repeat(32);
      for (const text of ["", key, "[", "{}", "[]", "[1]", '[null,"mark"]', `"${key}"`, '{"0":"key"}'])
        await command("PUBLISH", "tokenflight:changes", version + text);
      const tooLong = "x".repeat(201);
      for (const more of [[], ["mark"], [1], [tooLong], ["mark", "of a later version"]])
        await command("PUBLISH", "tokenflight:changes", version + JSON.stringify([key, ...more]));
      const unmarked = [key, version];
      const marked = [key, version, "mark"];
      await vi.waitFor(() => expect(told).toEqual([unmarked, marked, unmarked, unmarked, marked]), 5000);
      await store.close();
      close();
    });

    it.each([
      ["may not subscribe", ["resetchannels"]],
      ["may subscribe, where nothing can be published", ["allchannels", "-publish"]],
    ])("and %s is told each half a minute that anything may have changed", async (_, rights) => {
      const admin = await driver.connect(server().url);
      const user = `user-${newKey()}`;
      await admin.command("ACL", "SETUSER", user, "on", ">password", "~tokenflight:*", "+@all", ...rights);
      const { client, close } = await driver.connect(server().url.replace("//", `//${user}:password@`));
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
      const store = redisStore({ client, warn: () => {} });
      const told: unknown[][] = [];
      store.watchAll((...said) => told.push(said));
      await store.read(newKey());
      vi.advanceTimersByTime(30_000);
      await store.read(newKey());
      for (let round = 0; round < 3; round += 1) {
        const before = told.length;
        await vi.advanceTimersByTimeAsync(30_000);
        await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), 5000);
        await store.read(newKey());
      }
      expect(told.every(([key]) => key === undefined)).toBe(true);
      await store.close();
      close();
      admin.close();
    });

    it("is told nothing each half a minute while messages come", async () => {
      const { client, close } = await driver.connect(server().url);
      vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
      const store = redisStore({ client });
      const observer = await driver.connect(server().url);
      // While the client is not connected, the store's own message is not sent.
      await store.read(newKey());
      const { told } = await listen(store);
      await published(store);
      for (let round = 0; round < 3; round += 1) {
        // It has come back when a later one has.
        const key = newKey();
        const version = await redisStore({ client: observer.client }).compareAndSet(key, undefined, "one");
        await vi.waitFor(() => expect(told).toEqual([[key, version]]), 5000);
        told.length = 0;
        vi.advanceTimersByTime(30_000);
        await published(store);
      }
      expect(told).toEqual([]);
      await store.close();
      for (const each of [observer, { close }]) each.close();
    });

    it("is told that anything may have changed when the connection was lost, and hears again", async () => {
      const [one, two] = [await driver.connect(server().url), await driver.connect(server().url)];
      const store = redisStore({ client: one.client });
      const { told } = await listen(store);
      await two.command("CLIENT", "KILL", "TYPE", "pubsub");
      await vi.waitFor(() => expect(told).toContainEqual(anything), 5000);
      await vi.waitFor(async () => expect(await subscribers()).toBe(1), 5000);
      told.length = 0;
      const key = newKey();
      const version = await redisStore({ client: two.client }).compareAndSet(key, undefined, "one");
      await vi.waitFor(() => expect(told).toContainEqual([key, version]), 5000);
      await store.close();
      for (const { close } of [one, two]) close();
    });

    it("closes its own connection with the client that it belongs to", async () => {
      const { client, close } = await driver.connect(server().url);
      redisStore({ client }).watchAll(() => {});
      await vi.waitFor(async () => expect(await subscribers()).toBe(1), 5000);
      close();
      await vi.waitFor(async () => expect(await subscribers()).toBe(0), 5000);
    });
  });
});
