import { setTimeout as sleep } from "node:timers/promises";
import { redisStore, type RedisStore } from "@tokenflight/redis";
import { describe, expect, it, vi } from "vitest";
import { redisDrivers, type Connected } from "./redis-drivers.ts";
import { steppedProxy } from "./stepped-proxy.ts";
import { describeWithRedis } from "./with-redis.ts";

type Act = (other: Connected, write: () => Promise<unknown>) => Promise<unknown>;

/** What is lost, and what CLIENT KILL calls it. */
const losses = [
  ["all connections are lost", "SKIPME", "yes"],
  ["the subscription is lost", "TYPE", "pubsub"],
] as const;

/** What happens at a moment of ours. */
const acts: Record<string, Act> = {
  "another process writes": (_, write) => write(),
  "the server forgets its scripts, and another process writes": (other, write) => other.command("SCRIPT", "FLUSH").then(write),
  ...Object.fromEntries(
    losses.flatMap(([loss, ...which]): [string, Act][] => [
      [`${loss}, and another process writes`, (other, write) => other.command("CLIENT", "KILL", ...which).then(write)],
      [`another process writes, and ${loss}`, (other, write) => write().then(() => other.command("CLIENT", "KILL", ...which))],
    ]),
  ),
};

const silent = (): void => {};

/** As a cache does: what a lost connection has cost is done again. */
async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch {
    await sleep(5);
    return insist(work);
  }
}

/** Who reads an entry, and again whenever it may have changed. */
class Reader implements Disposable {
  version: string | undefined;
  readonly #store: RedisStore;
  readonly #key: string;
  readonly #stop: () => void;
  #reads = 0;

  constructor(store: RedisStore, key: string) {
    this.#store = store;
    this.#key = key;
    this.#stop = store.watchAll((changed) => {
      if (changed === undefined || changed === key) this.look();
    });
  }

  look(): void {
    this.#reads += 1;
    const number = this.#reads;
    // The newest look counts.
    const read = async (): Promise<void> => {
      const entry = number === this.#reads ? await this.#store.read(this.#key) : undefined;
      if (number === this.#reads) this.version = entry?.version;
    };
    void insist(read);
  }

  [Symbol.dispose](): void {
    this.#reads += 1;
    this.#stop();
  }
}

/** Listens, reads and writes, stops, and begins anew. Resolves to whoever listens then. */
async function useStore(store: RedisStore, key: string): Promise<Reader> {
  const first = new Reader(store, key);
  first.look();
  const stop = store.watch(key, silent);
  await insist(() => store.compareAndSet(`${key} ours`, undefined, "ours"));
  expect(await insist(() => store.read(`${key} ours`))).toMatchObject({ value: "ours" });
  first[Symbol.dispose]();
  stop();
  const second = new Reader(store, key);
  second.look();
  await insist(() => store.read("any"));
  return second;
}

describeWithRedis("a store in Redis is used, and between any two messages", (server) => {
  describe.each(redisDrivers)("with $name", (driver) => {
    it.each(Object.keys(acts))("%s: whoever listens knows of it", { timeout: 60_000 }, async (name) => {
      const other = await driver.connect(server().url);
      const theirs = redisStore({ client: other.client, warn: silent });
      let isReached = true;
      for (let step = 1; isReached; step += 1) {
        const key = `${driver.name} ${name} ${step}`;
        let written: string | undefined;
        const write = async (): Promise<void> => void (written = await theirs.compareAndSet(key, undefined, "theirs"));
        using proxy = await steppedProxy(server().port, step, async () => acts[name]?.(other, write));
        const one = await driver.connect(`redis://127.0.0.1:${proxy.port}`);
        const ours = redisStore({ client: one.client, warn: silent });
        using reader = await useStore(ours, key);
        isReached = await proxy.isReached();
        // Much sooner than the look around that finds out about a subscription which does not work.
        await vi.waitFor(() => expect(reader.version, `before step ${step}`).toBe(written), { timeout: 10_000, interval: 5 });
        expect(step > 10 || written !== undefined).toBe(true);
        await ours.close();
        one.close();
      }
      other.close();
    });
  });
});
