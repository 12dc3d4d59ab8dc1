import {
  ChangeListeners,
  InvalidOptionError,
  kindOf,
  OpenWork,
  readOptions,
  requireFunction,
  requireText,
  StoreError,
  signalOf,
  ttlOf,
  waitFor,
  type ChangeListener,
  type TokenStore,
  type Version,
  type WriteOptions,
  type DisposableStore,
} from "@tokenflight/core";
import { randomBytes, randomUUID } from "node:crypto";
import { connectionTrouble, type Trouble } from "./connection-trouble.ts";
import { Disconnection } from "./disconnection.ts";
import { isIoredis, isNodeRedis, type IoredisClient, type NodeRedisClient } from "./clients.ts";
import type { Driver } from "./driver.ts";
import { ioredisDriver } from "./ioredis-driver.ts";
import { nodeRedisDriver } from "./node-redis-driver.ts";
import { writeChange } from "./messages.ts";
import { isUnknownScript, toStoreError } from "./redis-error.ts";
import { answerTo, deleteEntry, publish, readEntry, textOf, versionLength, writeExpiring, writeForEver, type Script } from "./scripts.ts";
import { warningsOf, type RedisWarning } from "./server-check.ts";
import { Watchers } from "./watchers.ts";

/** The options of `redisStore`. */
export interface RedisStoreOptions {
  /** A client of ioredis or of node-redis (the package `redis`). It stays yours: the store neither connects nor closes it. */
  client: IoredisClient | NodeRedisClient;
  /** What every key and the channel begin with. Default "tokenflight:". */
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
export interface RedisStore extends DisposableStore {
  watch(key: string, changed: () => void): () => void;
  watchAll(changed: ChangeListener): () => void;
  keepOpen(work: Promise<unknown>): void;
  /** What the client's connection said last, while there is none: a wrong password, an unknown CA, a server that is away. Without secrets. */
  trouble(): Error | undefined;
  /**
   * Waits for what `keepOpen` was told of, then closes the store's own connection for hints, and leaves the client as it is: end that one afterwards.
   * Operations that come later reject with a StoreError, ERR_CLOSED.
   */
  close(): Promise<void>;
}

const shortestLife = 60;
const year = 365 * 24 * 60 * 60;

/**
 * Shares token sets between machines, through Redis 6.2 or later, Valkey, or a cluster of either; one key per subject.
 *
 * An operation with a signal ends when the signal aborts, though the client may have a command under way then, and may even send it later. That does no harm:
 * it writes only if nobody has written since, and its writer knows that it does not know.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const store = redisStore({ client: new Redis() }); // of ioredis; or await createClient().connect() of redis
 * const tokens = createTokenCache({ source, store, key: "alice" });
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const read = readOptions("redisStore", options, ["client", "prefix", "ttl", "warn"]);
  const { client, prefix = "tokenflight:", ttl = year, warn = emitWarning } = read;
  if (prefix !== "") requireText("prefix", prefix);
  if (typeof ttl !== "number" || !(ttl >= shortestLife)) {
    throw new InvalidOptionError("ttl", `a number of seconds, ${shortestLife} or more`, kindOf(ttl));
  }
  requireFunction("warn", warn);
  const driver = driverOf(client);
  return new ScriptedStore(driver, { prefix, ttl: Math.round(ttl * 1000), warn, trouble: connectionTrouble(client, driver) });
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

/** It can be replaced, as it has a version all the same. */
function foreignEntry(name: string, version: Version): StoreError {
  const told = `The Redis key ${name} holds something that this store has not written.`;
  return new StoreError("ERR_STORE_RECORD_INVALID", told, { version });
}

interface Settings {
  readonly prefix: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly warn: (warning: RedisWarning) => void;
  readonly trouble: Trouble;
}

class ScriptedStore implements RedisStore {
  readonly #driver: Driver;
  readonly #prefix: string;
  /** Milliseconds. */
  readonly #ttl: number;
  readonly #warn: (warning: RedisWarning) => void;
  readonly #watchers: Watchers;
  readonly #disconnection: Disconnection;
  readonly #work = new OpenWork("Redis");
  readonly #trouble: Trouble;
  #checked = false;

  constructor(driver: Driver, { prefix, ttl, warn, trouble }: Settings) {
    this.#driver = driver;
    this.#trouble = trouble;
    this.#prefix = prefix;
    this.#ttl = ttl;
    this.#warn = warn;
    this.#watchers = new Watchers(driver, this.#channel(), (text) => this.#send(publish, this.#name("probe"), [this.#channel(), text]));
    this.#disconnection = new Disconnection(driver);
  }

  read: TokenStore["read"] = async (key, options) => {
    const name = this.#name(key);
    const entry = await this.#run(readEntry, name, [], signalOf(options));
    if (entry === null || entry === undefined) return undefined;
    if (Array.isArray(entry)) throw foreignEntry(name, textOf(entry[0]));
    const text = textOf(entry);
    return { version: text.slice(0, versionLength), value: text.slice(versionLength) };
  };

  compareAndSet: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
    const version = randomBytes(versionLength / 2).toString("hex");
    const mark = value === undefined ? undefined : ChangeListeners.markOf(options);
    const settle = this.#watchers.writing(key, version, mark);
    try {
      const isWritten = await this.#write(key, [expected ?? "", version, this.#channel(), writeChange(key, mark)], value, options);
      settle(isWritten);
      return isWritten ? version : undefined;
    } catch (error) {
      settle(undefined);
      throw error;
    }
  };

  watch(key: string, changed: () => void): () => void {
    return this.#work.hasEnded ? () => {} : this.#watchers.watch(key, changed);
  }

  watchAll(changed: ChangeListener): () => void {
    return this.#work.hasEnded ? () => {} : this.#watchers.watchAll(changed);
  }

  keepOpen(work: Promise<unknown>): void {
    this.#work.keepOpen(work);
  }

  trouble(): Error | undefined {
    return this.#trouble.last;
  }

  close(): Promise<void> {
    return this.#work.close(() => this.#watchers.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The subject stands in braces, so that a cluster places an entry by its subject alone. */
  #name(key: string): string {
    return `${this.#prefix}{${key}}`;
  }

  /** No key has this name, as none ends without a brace. */
  #channel(): string {
    return `${this.#prefix}changes`;
  }

  async #write(key: string, common: readonly string[], value: string | undefined, options: WriteOptions | undefined): Promise<boolean> {
    const name = this.#name(key);
    const life = Math.min(this.#ttl, ttlOf(options) ?? Number.POSITIVE_INFINITY);
    let answer: unknown;
    if (value === undefined) answer = await this.#run(deleteEntry, name, common, signalOf(options));
    else if (life === Number.POSITIVE_INFINITY) answer = await this.#run(writeForEver, name, [...common, value], signalOf(options));
    else answer = await this.#run(writeExpiring, name, [...common, value, String(Math.ceil(life))], signalOf(options));
    return Number(answer) === 1;
  }

  async #run(script: Script, name: string, given: readonly string[], signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    this.#work.requireOpen();
    if (signal !== undefined) await this.#disconnection.over(signal);
    try {
      const answer = await waitFor(this.#send(script, name, given), signal);
      this.#trouble.last = undefined;
      if (!this.#checked) void this.#check();
      this.#watchers.begin();
      return answer;
    } catch (error) {
      throw signal?.aborted === true ? error : toStoreError(error, this.#trouble.last);
    }
  }

  async #send(script: Script, name: string, given: readonly string[]): Promise<unknown> {
    const question = randomUUID();
    try {
      return answerTo(question, await this.#driver.runKnown(script, name, [question, ...given]));
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return answerTo(question, await this.#driver.run(script, name, [question, ...given]));
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
