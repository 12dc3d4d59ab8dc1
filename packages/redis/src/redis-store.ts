import {
  InvalidOptionError,
  kindOf,
  readOptions,
  requireFunction,
  requireText,
  StoreError,
  waitFor,
  type TokenStore,
} from "@tokenflight/core";
import { randomBytes } from "node:crypto";
import { Disconnection } from "./disconnection.ts";
import { isIoredis, isNodeRedis, type IoredisClient, type NodeRedisClient } from "./clients.ts";
import type { Driver } from "./driver.ts";
import { ioredisDriver } from "./ioredis-driver.ts";
import { nodeRedisDriver } from "./node-redis-driver.ts";
import { isUnknownScript, toStoreError } from "./redis-error.ts";
import { deleteEntry, readEntry, versionLength, writeExpiring, writeForEver, type Script } from "./scripts.ts";
import { warningsOf, type RedisWarning } from "./server-check.ts";
import { Watchers } from "./watchers.ts";

export interface RedisStoreOptions {
  /** A client of ioredis or of node-redis (the package `redis`). It stays yours: the store neither connects nor closes it. */
  client: IoredisClient | NodeRedisClient;
  /** What every key and channel begins with. Default "tokenflight:". */
  prefix?: string | undefined;
  /**
   * Seconds after which an entry that nobody has written expires: a subject that was forgotten, needs a login, or never came back.
   * Each refresh writes. Choose more than the time for which an unused refresh token is good, and than any process runs without
   * using a subject. At least 60. Default 365 days. Infinity keeps entries for ever.
   */
  ttl?: number | undefined;
  /**
   * Is told, once, what of the server's configuration can lose writes that it has acknowledged. Default: `process.emitWarning`. A server
   * that does not let its configuration be seen is not warned of.
   */
  warn?: ((warning: RedisWarning) => void) | undefined;
}

/** A token store in Redis. */
export interface RedisStore extends TokenStore {
  watch(key: string, changed: () => void): () => void;
  /** Closes the store's own connection for hints, and leaves the client as it is. Operations that come later reject with StoreError. */
  close(): Promise<void>;
}

const shortestLife = 60;
const year = 365 * 24 * 60 * 60;

/**
 * Shares token sets between machines, through Redis 6.2 or later, Valkey, or a cluster of either; one key per subject.
 *
 * An operation with a signal ends when the signal aborts, though the client may have a command under way then, and may even send it
 * later. That does no harm: it writes only if nobody has written since, and its writer knows that it does not know. Throws InvalidOptionError.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const read = readOptions("redisStore", options, ["client", "prefix", "ttl", "warn"]);
  const { client, prefix = "tokenflight:", ttl = year, warn = emitWarning } = read;
  if (prefix !== "") requireText("prefix", prefix);
  if (typeof ttl !== "number" || !(ttl >= shortestLife)) {
    throw new InvalidOptionError("ttl", `a number of seconds, ${shortestLife} or more`, kindOf(ttl));
  }
  requireFunction("warn", warn);
  return new ScriptedStore(driverOf(client), prefix, Math.round(ttl * 1000), warn);
}

function driverOf(client: unknown): Driver {
  if (typeof client === "object" && client !== null) {
    if (isIoredis(client)) return ioredisDriver(client);
    if (isNodeRedis(client)) return nodeRedisDriver(client);
  }
  throw new InvalidOptionError("client", "a client of ioredis 5 or later, or of redis (node-redis) 5.10 or later", kindOf(client));
}

function emitWarning({ code, message }: RedisWarning): void {
  process.emitWarning(message, { code: `TOKENFLIGHT_REDIS_${code.toUpperCase()}` });
}

class ScriptedStore implements RedisStore {
  readonly #driver: Driver;
  readonly #prefix: string;
  /** Milliseconds. */
  readonly #ttl: number;
  readonly #warn: (warning: RedisWarning) => void;
  readonly #watchers: Watchers;
  readonly #disconnection: Disconnection;
  /** The caller's client is gone for good: a connection of ours would only keep the process alive. */
  readonly #leave = (): void => this.#watchers.close();
  #checked = false;
  #closed = false;

  constructor(driver: Driver, prefix: string, ttl: number, warn: (warning: RedisWarning) => void) {
    this.#driver = driver;
    this.#prefix = prefix;
    this.#ttl = ttl;
    this.#warn = warn;
    this.#watchers = new Watchers(driver);
    this.#disconnection = new Disconnection(driver);
    driver.on("end", this.#leave);
  }

  read: TokenStore["read"] = async (key, options) => {
    const name = this.#name(key);
    const entry = await this.#run(readEntry, name, [], options?.signal);
    if (entry === null || entry === undefined) return undefined;
    // A client may be set up to answer with buffers.
    const text = typeof entry === "string" ? entry : (entry as Buffer).toString("utf8");
    const version = text.slice(0, versionLength);
    if (/^[0-9a-f]{32}$/.test(version)) return { version, value: text.slice(versionLength) };
    throw new StoreError("ERR_STORE_RECORD_INVALID", `The Redis key ${name} holds something that this store has not written.`);
  };

  compareAndSet: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
    const name = this.#name(key);
    const version = randomBytes(versionLength / 2).toString("hex");
    const common = [expected ?? "", version, name];
    const written = await (value === undefined
      ? this.#run(deleteEntry, name, common, options?.signal)
      : this.#run(
          this.#ttl === Number.POSITIVE_INFINITY ? writeForEver : writeExpiring,
          name,
          [...common, String(this.#ttl), value],
          options?.signal,
        ));
    return Number(written) === 1 ? version : undefined;
  };

  watch(key: string, changed: () => void): () => void {
    return this.#closed ? () => {} : this.#watchers.add(this.#name(key), changed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#driver.off("end", this.#leave);
    this.#watchers.close();
  }

  /** The subject stands in braces, so that a cluster places an entry by its subject alone. The channel has the same name. */
  #name(key: string): string {
    return `${this.#prefix}{${key}}`;
  }

  async #run(script: Script, name: string, given: readonly string[], signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#closed) throw new StoreError("ERR_STORE_UNAVAILABLE", "The Redis store is closed.");
    if (signal !== undefined) await this.#disconnection.over(signal);
    try {
      const answer = await waitFor(this.#send(script, name, given), signal);
      if (!this.#checked) void this.#check();
      return answer;
    } catch (error) {
      throw signal?.aborted === true ? error : toStoreError(error);
    }
  }

  async #send(script: Script, name: string, given: readonly string[]): Promise<unknown> {
    try {
      return await this.#driver.runKnown(script, name, given);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#driver.run(script, name, given);
    }
  }

  async #check(): Promise<void> {
    this.#checked = true;
    try {
      for (const warning of warningsOf(await this.#driver.info())) this.#warn(warning);
    } catch {
      // The server does not tell, or nobody wants to be warned.
    }
  }
}
