import { createTokenCache, StoreError, type TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import type { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { startTcpProxy } from "../setup/tcp-proxy.ts";
import { allRedisDrivers, type Connected, type RedisDriver } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

interface Opened extends Connected, AsyncDisposable {
  readonly store: TokenStore;
}

async function open(driver: RedisDriver, url: string): Promise<Opened> {
  const connected = await driver.connect(url);
  const store = redisStore({ client: connected.client });
  const close = async (): Promise<void> => {
    await store.close?.();
    connected.close();
  };
  return { ...connected, store, [Symbol.asyncDispose]: close };
}

describeWithRedis("a Redis store in trouble", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    const newKey = (): string => crypto.randomUUID();

    it("goes on after the server has forgotten its scripts", async () => {
      await using opened = await open(driver, server().url);
      const { store, command } = opened;
      const key = newKey();
      let version: string | undefined;
      for (const value of ["one", "two", undefined]) {
        await command("SCRIPT", "FLUSH");
        version = await store.compareAndSet(key, version, value);
        expect(version).toBeDefined();
        await command("SCRIPT", "FLUSH");
        expect((await store.read(key))?.value).toBe(value);
      }
    });

    it("has every acknowledged write after the server was killed and started again", async () => {
      await using opened = await open(driver, server().url);
      const { store, lost } = opened;
      const keys = Array.from({ length: 50 }, newKey);
      const versions = await Promise.all(keys.map((key) => store.compareAndSet(key, undefined, `of ${key}`)));
      const noticed = lost();
      await server().kill();
      await noticed;
      await server().start();
      const entries = await Promise.all(keys.map((key) => store.read(key, { signal: AbortSignal.timeout(5000) })));
      expect(entries).toEqual(keys.map((key, index) => ({ version: versions[index], value: `of ${key}` })));
    });

    it("hints again after the server was away", async () => {
      await using opened = await open(driver, server().url);
      const { store, lost } = opened;
      const key = newKey();
      let hints = 0;
      store.watch?.(key, () => (hints += 1));
      await vi.waitFor(() => expect(hints).toBeGreaterThan(0));
      const noticed = lost();
      await server().kill();
      await noticed;
      await server().start();
      const write = async (): Promise<void> => {
        const before = hints;
        const entry = await store.read(key);
        await store.compareAndSet(key, entry?.version, "again");
        await vi.waitFor(() => expect(hints).toBeGreaterThan(before), 200);
      };
      await vi.waitFor(write, 5000);
    });

    it("hints again after somebody began to listen anew while the server was away", async () => {
      await using opened = await open(driver, server().url);
      const { client, store, lost } = opened;
      const key = newKey();
      const hint = vi.fn<() => void>();
      const stop = store.watch?.(key, hint);
      await store.read(key);
      await vi.waitFor(() => expect(hint).toHaveBeenCalled(), 5000);
      stop?.();
      // That subscription ends before the connection does.
      await store.read(key);
      const noticed = lost();
      await server().kill();
      await noticed;
      hint.mockClear();
      store.watch?.(key, hint);
      let failures = 0;
      (client as unknown as EventEmitter).on("error", () => (failures += 1));
      await vi.waitFor(() => expect(failures).toBeGreaterThan(3), 5000);
      await server().start();
      await vi.waitFor(() => expect(hint).toHaveBeenCalled(), 5000);
      hint.mockClear();
      await using another = await open(driver, server().url);
      await another.store.compareAndSet(key, undefined, "one");
      await vi.waitFor(() => expect(hint).toHaveBeenCalled(), 5000);
    });

    it("gives up when its caller does while the server is away, and sends nothing afterwards", async () => {
      await using opened = await open(driver, server().url);
      const { client, store, lost } = opened;
      const key = newKey();
      const version = (await store.compareAndSet(key, undefined, "one")) as string;
      const listeners = (): number => (client as unknown as EventEmitter).listenerCount("ready");
      const before = listeners();
      const noticed = lost();
      await server().kill();
      await noticed;
      const writes = Array.from({ length: 20 }, () => store.compareAndSet(key, version, "late", { signal: AbortSignal.timeout(50) }));
      for (const write of writes) await expect(write).rejects.toMatchObject({ name: "TimeoutError" });
      await expect(store.read(key, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" });
      // Nothing is left behind of those who have given up. ioredis has a listener of its own in each moment in which it tries to connect.
      await vi.waitFor(() => expect(listeners()).toBe(before));
      await server().start();
      expect(await store.read(key, { signal: AbortSignal.timeout(5000) })).toEqual({ version, value: "one" });
    });

    it("lets a command that was sent and given up write only over what its sender has read", async () => {
      await using opened = await open(driver, server().url);
      await using another = await open(driver, server().url);
      const { store } = opened;
      const key = newKey();
      const version = (await store.compareAndSet(key, undefined, "one")) as string;
      server().pause();
      const givenUp = store.compareAndSet(key, version, "given up", { signal: AbortSignal.timeout(50) });
      await expect(givenUp).rejects.toMatchObject({ name: "TimeoutError" });
      const faster = another.store.compareAndSet(key, version, "another's");
      server().resume();
      const stands = (await faster) === undefined ? "given up" : "another's";
      expect((await store.read(key))?.value).toBe(stands);
      expect(await store.compareAndSet(key, version, "late")).toBeUndefined();
    });

    it("does not hold a token cache up for longer than its store timeout", async () => {
      await using opened = await open(driver, server().url);
      const source = vi.fn<() => Promise<{ access_token: string; expires_in: number }>>(async () => ({
        access_token: "a",
        expires_in: 60,
      }));
      const tokens = createTokenCache({ source, store: opened.store, identity: "crm", key: newKey(), timeouts: { store: 0.1 } });
      server().pause();
      const error = await tokens.get().catch((thrown: unknown) => thrown);
      server().resume();
      expect(error).toBeInstanceOf(StoreError);
      expect(source).not.toHaveBeenCalled();
      await vi.waitFor(async () => expect((await tokens.get()).accessToken).toBe("a"), 5000);
    });

    it("knows its own write again when the reply was lost and the client sends the command twice", async () => {
      await using proxy = await startTcpProxy(server().port);
      await using opened = await open(driver, `redis://127.0.0.1:${proxy.port}`);
      const { store } = opened;
      const key = newKey();
      const first = await store.compareAndSet(key, undefined, "one");
      proxy.loseNextReply();
      const outcome = await store.compareAndSet(key, first, "two").catch((error: unknown) => error);
      const entry = await store.read(key, { signal: AbortSignal.timeout(5000) });
      expect(entry?.value).toBe("two");
      // node-redis does not send it again; the caller is told that nobody knows.
      if (driver.isIoredis) expect(outcome).toBe(entry?.version);
      else expect(outcome).toBeInstanceOf(StoreError);
    });
  });
});
