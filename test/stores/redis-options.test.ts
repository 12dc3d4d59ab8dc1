import { InvalidOptionError, StoreError } from "@tokenflight/core";
import { redisStore, type RedisWarning } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { allRedisDrivers } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

const newKey = (): string => crypto.randomUUID();

describe("the options of a Redis store", () => {
  const client = (): Redis => new Redis({ lazyConnect: true });

  it.each([
    ["nothing", undefined],
    ["an address", "redis://127.0.0.1:6379"],
    ["an empty object", {}],
    ["a map", new Map()],
    ["a client of callbacks", { evalsha: () => {}, eval: () => {}, connected: true }],
  ])("take no %s for a client", (_, wrong) => {
    expect(() => redisStore({ client: wrong as never })).toThrow(InvalidOptionError);
    expect(() => redisStore({ client: wrong as never })).toThrow(/^client: expected a client of ioredis/);
  });

  it.each([
    ["ttl", { ttl: 59 }],
    ["ttl", { ttl: Number.NaN }],
    ["ttl", { ttl: "1 day" }],
    ["prefix", { prefix: 5 }],
    ["warn", { warn: "always" }],
    ["redisStore.url", { url: "redis://127.0.0.1" }],
  ])("are checked: %s", (option, wrong) => {
    expect(() => redisStore({ client: client(), ...(wrong as object) })).toThrow(expect.objectContaining({ option }));
  });

  it("may be empty where that means something", () => {
    redisStore({ client: client(), prefix: "", ttl: Number.POSITIVE_INFINITY });
  });
});

describeWithRedis("a Redis store", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    it("gives each entry the time to live, and no end when there is none", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const key = newKey();
      const name = `app:{${key}}`;
      const first = await redisStore({ client, prefix: "app:", ttl: 100 }).compareAndSet(key, undefined, "one");
      expect(Number(await command("PTTL", name))).toBeGreaterThan(99_000);
      expect(Number(await command("PTTL", name))).toBeLessThanOrEqual(100_000);
      await redisStore({ client, prefix: "app:", ttl: Number.POSITIVE_INFINITY }).compareAndSet(key, first, "two");
      expect(Number(await command("PTTL", name))).toBe(-1);
      close();
    });

    it("never gives a version twice, not even after the server has lost the entry", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = redisStore({ client });
      const key = newKey();
      const versions = new Set<string | undefined>();
      for (let round = 0; round < 5; round += 1) {
        versions.add(await store.compareAndSet(key, undefined, "same"));
        await command("DEL", `tokenflight:{${key}}`);
      }
      expect(versions.size).toBe(5);
      expect(versions).not.toContain(undefined);
      close();
    });

    it("tells a failed write apart without showing what was written", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const store = redisStore({ client, warn: () => {} });
      await command("CONFIG", "SET", "maxmemory", "1");
      const error = await store.compareAndSet(newKey(), undefined, "secret-token").catch((thrown: unknown) => thrown);
      await command("CONFIG", "SET", "maxmemory", "0");
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", message: expect.stringContaining("OOM") as unknown });
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain("secret-token");
      close();
    });

    it("writes for a user who may do nothing else, neither publish nor ask about the server", async () => {
      const admin = await driver.connect(server().url);
      const user = `user-${driver.name}`;
      await admin.command(
        "ACL",
        "SETUSER",
        user,
        "on",
        ">password",
        "~tokenflight:*",
        "resetchannels",
        "-@all",
        "+eval",
        "+evalsha",
        "+get",
        "+getrange",
        "+set",
        "+del",
        "+hello",
        "+client",
      );
      const limited = await driver.connect(server().url.replace("//", `//${user}:password@`));
      const warn = vi.fn<(warning: RedisWarning) => void>();
      const store = redisStore({ client: limited.client, warn });
      const key = newKey();
      const version = await store.compareAndSet(key, undefined, "one");
      expect(await store.read(key)).toEqual({ version, value: "one" });
      expect(await store.compareAndSet(key, version, undefined)).toBeDefined();
      expect(warn).not.toHaveBeenCalled();
      limited.close();
      admin.close();
    });

    it("warns, once, of a server that can lose what it has acknowledged", async () => {
      const { client, command, close } = await driver.connect(server().url);
      const warningsWith = async (...settings: [string, string][]): Promise<string[]> => {
        for (const [name, value] of settings) await command("CONFIG", "SET", name, value);
        const codes: string[] = [];
        const store = redisStore({ client, warn: ({ code }) => codes.push(code) });
        await store.read("anything");
        await store.read("anything");
        // The answer to INFO comes before that of a command sent after it.
        await command("PING");
        return codes;
      };
      expect(await warningsWith()).toEqual([]);
      expect(await warningsWith(["maxmemory", "100mb"], ["maxmemory-policy", "volatile-lru"])).toEqual(["eviction"]);
      expect(await warningsWith(["maxmemory", "0"], ["maxmemory-policy", "noeviction"], ["appendonly", "no"])).toEqual(["persistence"]);
      await command("CONFIG", "SET", "appendonly", "yes");
      close();
    });

    it("warns by an event of the process when nobody else is to be told", async () => {
      const { client, command, close } = await driver.connect(server().url);
      await command("CONFIG", "SET", "appendonly", "no");
      const codes: unknown[] = [];
      const note = (warning: Error & { code?: unknown }): void => void codes.push(warning.code);
      process.on("warning", note);
      await redisStore({ client }).read("anything");
      await vi.waitFor(() => expect(codes).toContain("TOKENFLIGHT_REDIS_PERSISTENCE"), 5000);
      process.off("warning", note);
      await command("CONFIG", "SET", "appendonly", "yes");
      close();
    });
  });
});
