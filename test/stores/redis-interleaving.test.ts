import { setTimeout as sleep } from "node:timers/promises";
import { redisStore, type RedisStore } from "@tokenflight/redis";
import { describe, expect, it, vi } from "vitest";
import { allRedisDrivers, type Connected } from "./redis-drivers.ts";
import { steppedProxy, type Loss } from "./stepped-proxy.ts";
import { describeWithRedis } from "./with-redis.ts";

type Act = (other: Connected, write: () => Promise<unknown>, lose: (loss: Loss) => void) => Promise<unknown>;

/** What is lost. The first connection is the caller's client, the second one the subscription. */
const losses = [
  ["all connections are lost", { connections: [0, 1] }],
  ["all connections are lost, and the next attempts as well", { connections: [0, 1], attempts: 2 }],
  ["the client's connection is lost", { connections: [0] }],
  ["the subscription is lost", { connections: [1] }],
] as const;

/** What happens at a moment of ours. */
const acts: Record<string, Act> = {
  "another process writes": (_, write) => write(),
};

/** What happens to all who use the server. */
const serverActs: Record<string, Act> = {
  "the server forgets its scripts, and another process writes": (other, write) => other.command("SCRIPT", "FLUSH").then(write),
  "the server closes all connections, and another process writes": (other, write) =>
    other.command("CLIENT", "KILL", "SKIPME", "yes").then(write),
};

const losingActs: Record<string, Act> = Object.fromEntries(
  losses.flatMap(([name, loss]): [string, Act][] => [
    [`${name}, and another process writes`, (_, write, lose) => Promise.resolve(lose(loss)).then(write)],
    [`another process writes, and ${name}`, (_, write, lose) => write().then(() => lose(loss))],
  ]),
);

/** Much less than the look around takes that finds out about a subscription which does not work. */
const patience = { timeout: 10_000, interval: 2 };

const silent = (): void => {};

/** As a cache does: what a lost connection has cost, or is not over within a moment, is done again. */
async function insist<Result>(work: (options: { signal: AbortSignal }) => Promise<Result>): Promise<Result> {
  try {
    return await work({ signal: AbortSignal.timeout(250) });
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
  #isTold = false;

  /** Resolves when messages come: whoever listens is told then that anything may have changed. */
  static async begin(store: RedisStore, key: string): Promise<Reader> {
    const reader = new Reader(store, key);
    reader.look();
    await insist((options) => store.read("any", options));
    await vi.waitUntil(() => reader.#isTold, patience);
    return reader;
  }

  constructor(store: RedisStore, key: string) {
    this.#store = store;
    this.#key = key;
    this.#stop = store.watchAll((changed) => {
      this.#isTold = true;
      if (changed === undefined || changed === key) this.look();
    });
  }

  look(): void {
    this.#reads += 1;
    const number = this.#reads;
    // The newest look counts.
    const read = async (options: { signal: AbortSignal }): Promise<void> => {
      const entry = number === this.#reads ? await this.#store.read(this.#key, options) : undefined;
      if (number === this.#reads) this.version = entry?.version;
    };
    void insist(read);
  }

  [Symbol.dispose](): void {
    this.#reads += 1;
    this.#stop();
  }
}

/** Listens, reads and writes, stops, and begins anew, twice. Resolves to whoever listens then. */
async function useStore(store: RedisStore, key: string): Promise<Reader> {
  const first = await Reader.begin(store, key);
  const stop = store.watch(key, silent);
  await insist((options) => store.compareAndSet(`${key} ours`, undefined, "ours", options));
  expect(await insist((options) => store.read(`${key} ours`, options))).toMatchObject({ value: "ours" });
  first[Symbol.dispose]();
  stop();
  // It stops before messages come.
  new Reader(store, key)[Symbol.dispose]();
  return Reader.begin(store, key);
}

/** So many steps are tried at once, where an act concerns one connection only: they have nothing in common. */
const width = 8;

describeWithRedis("a store in Redis is used, and between any two messages", (server) => {
  describe.each(allRedisDrivers)("with $name", (driver) => {
    /** Resolves to whether the step has come. */
    const tryStep = async (other: Connected, act: Act, key: string, step: number): Promise<boolean> => {
      const theirs = redisStore({ client: other.client, warn: silent });
      let written: string | undefined;
      const write = async (): Promise<void> => void (written = await theirs.compareAndSet(key, undefined, "theirs"));
      using proxy = await steppedProxy(server().port, step, async (lose) => act(other, write, lose));
      const one = await driver.connect(`redis://127.0.0.1:${proxy.port}`);
      const ours = redisStore({ client: one.client, warn: silent });
      using reader = await useStore(ours, key);
      const isReached = await proxy.isReached();
      await vi.waitFor(() => expect(reader.version, `before step ${step}`).toBe(written), patience);
      expect(step > 10 || written !== undefined).toBe(true);
      await ours.close();
      one.close();
      return isReached;
    };

    const all = Object.entries(driver.mixesUp === true ? acts : { ...acts, ...serverActs, ...losingActs });
    it.each(all)("%s: whoever listens knows of it", { timeout: 60_000 }, async (name, act) => {
      const other = await driver.connect(server().url);
      const atOnce = name in serverActs ? 1 : width;
      let isReached = true;
      for (let first = 1; isReached; first += atOnce) {
        const steps = Array.from({ length: atOnce }, (_, index) => first + index);
        const reached = await Promise.all(steps.map((step) => tryStep(other, act, `${driver.name} ${name} ${step}`, step)));
        isReached = !reached.includes(false);
      }
      other.close();
    });
  });
});
