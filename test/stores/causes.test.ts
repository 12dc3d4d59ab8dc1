import { createTokenCache, encryptedStore, StoreError, type TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";
import { Redis } from "ioredis";
import { DatabaseSync } from "node:sqlite";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../setup/certificates.ts";
import { reasonNotToRun, redisServer } from "../setup/programs.ts";
import { freePort } from "../setup/free-port.ts";
import { startRedis, type RedisServer } from "../setup/redis.ts";

type Client = Parameters<typeof redisStore>[0]["client"];

interface Driver {
  readonly name: string;
  connect(url: string, ca?: string): { client: Client; end(): void };
}

/** Milliseconds, longer than a test of one trouble: a client that is ended in the middle of a handshake leaves an error that nobody listens to. */
const retryDelay = 5000;

const drivers: Driver[] = [
  {
    name: "ioredis",
    connect(url, ca) {
      // It prints a warning when a user may not ask for INFO.
      const client = new Redis(url, {
        retryStrategy: () => retryDelay,
        enableReadyCheck: false,
        ...(ca === undefined ? {} : { tls: { ca } }),
      });
      client.on("error", () => {});
      return { client, end: () => client.disconnect() };
    },
  },
  {
    name: "node-redis",
    connect(url, ca) {
      const socket = { reconnectStrategy: retryDelay, ...(ca === undefined ? {} : ({ tls: true, ca } as const)) };
      const client = createClient({ url, socket });
      client.on("error", () => {});
      client.connect().catch(() => {});
      return { client, end: () => client.destroy() };
    },
  },
];

/** What a token cache tells of its store, when that is given so many seconds. */
async function told(store: TokenStore, seconds = 0.5): Promise<StoreError> {
  const source = async (): Promise<never> => Promise.reject(new Error("The source is not called."));
  const tokens = createTokenCache({ source, identity: "ours", store, key: "alice", timeouts: { store: seconds } });
  const error = await tokens.save({ access_token: "canary-access", refresh_token: "canary-refresh" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

/** The messages of an error and of all that is behind it, in one line. */
function words(error: unknown): string {
  return error instanceof Error ? `${error.message} < ${words(error.cause)}` : "";
}

const shown = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true }) + words(error);

describe.skipIf(reasonNotToRun(redisServer) !== undefined)("what Redis and TLS said is the cause (field line 110)", () => {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-causes-"));
  let server: RedisServer;
  let secured: RedisServer;
  let tlsPort = 0;
  beforeAll(async () => {
    const { cert, key } = authority.issue(["localhost"]);
    for (const [name, text] of Object.entries({ cert, key, ca: authority.cert })) writeFileSync(join(folder, name), text);
    tlsPort = await freePort();
    const tls = { "tls-port": `${tlsPort}`, "tls-cert-file": join(folder, "cert"), "tls-key-file": join(folder, "key") };
    secured = await startRedis({ ...tls, "tls-ca-cert-file": join(folder, "ca"), "tls-auth-clients": "no" });
    server = await startRedis({ requirepass: "canary-password" });
    const admin = new Redis(server.port, { password: "canary-password" });
    await admin.call("ACL", "SETUSER", "reader", "on", ">canary-password", "~*", "+get");
    admin.disconnect();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await secured?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const at = (credentials: string): string => `redis://${credentials}127.0.0.1:${server.port}`;
  const troubles: [trouble: string, url: () => string | Promise<string>, says: RegExp][] = [
    ["a wrong password", () => at(":canary-wrong@"), /WRONGPASS invalid username-password pair/],
    ["no password", () => at(""), /NOAUTH /],
    ["a user who may not write", () => at("reader:canary-password@"), /NOPERM .*evalsha/],
    ["an unknown CA", () => `rediss://localhost:${tlsPort}`, /self-signed certificate in certificate chain/],
    ["a server without TLS", async () => `rediss://:canary-password@127.0.0.1:${await notTls()}`, /wrong version number|EPROTO/],
    ["nobody listens", async () => `redis://:canary-password@127.0.0.1:${await freePort()}`, /connect ECONNREFUSED/],
    ["an unknown name", () => "redis://:canary-password@nobody.invalid", /getaddrinfo (?:ENOTFOUND|EAI_AGAIN)/],
  ];

  /** A server that answers everything as Redis without TLS might. */
  async function notTls(): Promise<number> {
    const plain = createServer((socket) => socket.on("error", () => {}).on("data", () => socket.end("-ERR Protocol error\r\n")));
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    onTestFinished(() => void plain.close());
    return (plain.address() as AddressInfo).port;
  }

  describe.each(drivers)("$name", ({ connect }) => {
    it.each(troubles)("%s", async (_, url, says) => {
      const { client, end } = connect(await url());
      onTestFinished(end);
      const store = redisStore({ client });
      for (const each of [store, encryptedStore(store, { keys: [{ id: "1", key: new Uint8Array(32) }] })]) {
        // A command that is refused is answered; what the connection says is known before long.
        const isAnswered = /NOPERM/.test(says.source);
        if (!isAnswered) await expect.poll(() => store.trouble(), { timeout: 10_000 }).toBeInstanceOf(Error);
        const error = await told(each, isAnswered ? 15 : 0.3);
        expect(error.code).toBe("ERR_STORE_UNAVAILABLE");
        expect(words(error.cause)).toMatch(says);
        expect(shown(error)).not.toContain("canary");
      }
    });

    it("an error of a command has a cause without the command's arguments", async () => {
      const { client, end } = connect(`redis://127.0.0.1:${secured.port}`);
      onTestFinished(end);
      const store = redisStore({ client });
      await store.read("before");
      const failure = Object.assign(new Error("ERR unknown command 'EVALSHA', with args beginning with: 'canary' "), {
        command: { name: "evalsha", args: ["canary"] },
      });
      (client as { evalsha?: unknown; evalSha?: unknown }).evalsha = () => Promise.reject(failure);
      (client as { evalsha?: unknown; evalSha?: unknown }).evalSha = () => Promise.reject(failure);
      const error = await store.read("alice").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "StoreError", cause: { message: "ERR unknown command 'EVALSHA'" } });
      expect(shown(error)).not.toContain("canary");
    });

    it("works over TLS with the CA, and has no trouble any more once it is connected", async () => {
      const wrong = connect(`rediss://localhost:${tlsPort}`);
      onTestFinished(wrong.end);
      const refused = redisStore({ client: wrong.client });
      const { client, end } = connect(`rediss://localhost:${tlsPort}`, authority.cert);
      onTestFinished(end);
      const store = redisStore({ client });
      expect(await store.compareAndSet(crypto.randomUUID(), undefined, "one")).toBeDefined();
      expect(store.trouble()).toBeUndefined();
      await expect.poll(() => refused.trouble()?.message ?? "").toMatch(/self-signed/);
      await store.close();
    });
  });

  it("a password in a URL that stands in a message is taken out, and nobody's error listener is replaced", async () => {
    const client = new Redis(await freePort(), { lazyConnect: true });
    onTestFinished(() => client.disconnect());
    const store = redisStore({ client });
    expect(client.listenerCount("error")).toBe(0);
    client.on("error", () => {});
    client.emit("error", new Error("cannot use rediss://user:canary@host:1/ or redis://:canary@host"));
    expect(store.trouble()?.message).toBe("cannot use rediss://***@host:1/ or redis://***@host");
    const stores = Array.from({ length: 20 }, () => redisStore({ client }));
    expect(stores.every((one) => one.trouble() === store.trouble())).toBe(true);
  });
});

describe("what SQLite said is the cause (field line 110)", () => {
  it("a file that another connection keeps locked", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tokenflight-causes-"));
    const path = join(folder, "tokens.db");
    const store = sqliteStore({ path, busyTimeout: 60 });
    await store.compareAndSet("first", undefined, "one");
    const locker = new DatabaseSync(path);
    locker.exec("BEGIN EXCLUSIVE");
    const error = await told(store, 0.2);
    locker.exec("ROLLBACK");
    locker.close();
    expect(error.message).toBe("The store did not answer within 200 ms; what is wrong is the cause.");
    expect(error.cause).toMatchObject({ message: "database is locked", errcode: 5 });
    expect(shown(error)).not.toContain("canary");
    await store.compareAndSet("second", undefined, "two");
    expect(store.trouble()).toBeUndefined();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("a file that is no database, and a folder that is none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tokenflight-causes-"));
    const path = join(folder, "tokens.db");
    writeFileSync(path, "This is a text and no database. ".repeat(100));
    expect(words((await told(sqliteStore({ path }))).cause)).toContain("file is not a database");
    const nowhere = await told(sqliteStore({ path: join(path, "tokens.db") }));
    expect(words(nowhere)).toMatch(/unable to open database file|ENOTDIR|EEXIST/);
    expect(nowhere.cause).toBeInstanceOf(Error);
    rmSync(folder, { recursive: true });
  });
});

it("a store whose look at its trouble fails, or that has none, is told as it was (field line 110)", async () => {
  const silent = (trouble?: () => never): TokenStore => ({
    read: () => new Promise(() => {}),
    compareAndSet: () => new Promise(() => {}),
    ...(trouble === undefined ? {} : { trouble }),
  });
  const broken = (): never => {
    throw new Error("canary");
  };
  for (const store of [silent(), silent(broken), silent((() => "canary") as unknown as () => never)]) {
    const error = await told(store, 0.05);
    expect([error.message, error.cause]).toEqual(["The store did not answer within 50 ms.", undefined]);
  }
});
