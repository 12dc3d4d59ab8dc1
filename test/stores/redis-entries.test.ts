import { encryptedStore, StoreError } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { allRedisDrivers } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

const newKey = (): string => crypto.randomUUID();

/** What somebody else may have put under a key of the store. */
const foreign: readonly [what: string, command: string, ...words: string[]][] = [
  ["a text", "SET", "something else"],
  ["an empty text", "SET", ""],
  ["a text as long as a version", "SET", "x".repeat(32)],
  ["a text with bytes that are no UTF-8", "SETBIT", "7", "1"],
  ["a list", "RPUSH", "something else"],
  ["a hash", "HSET", "something", "else"],
];

describeWithRedis("an entry in Redis", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    it.each(foreign)(
      "that is %s of somebody else's is refused, shown to nobody, and left for whoever expects another or none",
      async (_, command, ...words) => {
        const connected = await driver.connect(server().url);
        const store = redisStore({ client: connected.client });
        const key = newKey();
        const name = `tokenflight:{${key}}`;
        await connected.command(command, name, ...words);
        const before = await connected.command("DUMP", name);
        const error = await store.read(key).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StoreError);
        expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", version: expect.any(String) as unknown });
        expect(inspect(error)).not.toContain("something else");
        for (const expected of [undefined, "another"]) {
          expect(await store.compareAndSet(key, expected, "ours")).toBeUndefined();
          expect(await store.compareAndSet(key, expected, undefined)).toBeUndefined();
        }
        expect(await connected.command("DUMP", name)).toEqual(before);
        connected.close();
      },
    );

    it.each(foreign)(
      "that is %s of somebody else's is replaced and deleted by the version that the error has",
      async (_, command, ...words) => {
        const connected = await driver.connect(server().url);
        const store = redisStore({ client: connected.client });
        const [one, two] = [newKey(), newKey()];
        for (const key of [one, two]) await connected.command(command, `tokenflight:{${key}}`, ...words);
        const [first, second] = await Promise.all(
          [one, two].map((key) => store.read(key).catch((thrown: unknown) => (thrown as StoreError).version)),
        );
        const written = await store.compareAndSet(one, first as string, "ours");
        expect(await store.read(one)).toEqual({ version: written, value: "ours" });
        expect(await store.compareAndSet(one, first as string, "late")).toBeUndefined();
        expect(await store.compareAndSet(two, second as string, undefined)).toBeDefined();
        expect(await store.read(two)).toBeUndefined();
        connected.close();
      },
    );

    it("that is a text of somebody else's is not replaced when they have written another one", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = redisStore({ client });
      const key = newKey();
      await command("SET", `tokenflight:{${key}}`, "something else");
      const error = await store.read(key).catch((thrown: unknown) => thrown);
      await command("SET", `tokenflight:{${key}}`, "something new");
      expect(await store.compareAndSet(key, (error as StoreError).version, "ours")).toBeUndefined();
      expect(await command("GET", `tokenflight:{${key}}`)).toBe("something new");
      close();
    });

    it("that is of another shape is replaced through an encrypted store, too", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = encryptedStore(redisStore({ client }), { keys: [{ id: "one", key: new Uint8Array(32) }] });
      const key = newKey();
      await command("RPUSH", `tokenflight:{${key}}`, "something else");
      const error = await store.read(key).catch((thrown: unknown) => thrown);
      expect(await store.compareAndSet(key, (error as StoreError).version, "ours")).toBeDefined();
      expect((await store.read(key))?.value).toBe("ours");
      close();
    });

    it("lives as long as the shorter of the store's time and its own, and for ever again when it is written so", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const key = newKey();
      const left = async (): Promise<number> => Number(await command("PTTL", `tokenflight:{${key}}`));
      const limited = redisStore({ client, ttl: 100 });
      const endless = redisStore({ client, ttl: Number.POSITIVE_INFINITY });
      let version: string | undefined;
      const write = async (store: typeof limited, ttl?: number): Promise<void> => {
        version = await store.compareAndSet(key, version, "value", ttl === undefined ? {} : { ttl });
        expect(version).toBeDefined();
      };
      await write(limited, 50_000.5);
      expect(await left()).toBeGreaterThan(40_000);
      expect(await left()).toBeLessThanOrEqual(50_001);
      await write(limited, 500_000);
      expect(await left()).toBeGreaterThan(90_000);
      expect(await left()).toBeLessThanOrEqual(100_000);
      await write(endless, 50_000);
      expect(await left()).toBeLessThanOrEqual(50_000);
      await write(endless);
      expect(await left()).toBe(-1);
      await write(endless, Number.POSITIVE_INFINITY);
      expect(await left()).toBe(-1);
      // The least is a millisecond: zero would be an error of the server's.
      await write(endless, 0);
      expect(await left()).toBeLessThanOrEqual(1);
      close();
    });
  });
});
