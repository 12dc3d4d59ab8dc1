import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";

/** A redis-server of this test's own, in a folder of its own. It is never one that happens to run on the machine. */
export interface RedisServer {
  /** Of 127.0.0.1. It stays the same when the server is started again. */
  readonly port: number;
  /** Such as "redis://127.0.0.1:40123". */
  readonly url: string;
  /** What it keeps is there. */
  readonly folder: string;
  /** Ends the server as a power cut would: nothing is flushed, nobody is told. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what its folder holds. Resolves when it answers. */
  start(): Promise<void>;
  /** Stops its clock: connections stay open, and nothing is answered until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Attempts to find a port that nobody takes between our look and the server's start. */
const attempts = 5;

/**
 * `config` holds lines of redis.conf. Without any it keeps what it acknowledges: it has an append-only file, which it flushes before it answers. Flushed each
 * second, as by default, up to two seconds of writes are lost when it is killed while the disk is busy.
 */
export async function startRedis(config: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-redis-"));
  const given = Object.entries({ bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", appendfsync: "always", ...config });
  const launch = (onPort: number): Promise<ChildProcess | undefined> =>
    launchServer(["--port", String(onPort), ...given.flatMap(([name, value]) => [`--${name}`, value])]);

  let { server, port }: Launched = await onFreePort(launch);
  const kill = async (): Promise<void> => {
    await end(server);
    server = undefined;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    kill,
    async start() {
      server = await launch(port);
      if (server === undefined) throw new Error(`Somebody took port ${port} while its redis-server was down.`);
    },
    pause: () => void server?.kill("SIGSTOP"),
    resume: () => void server?.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

/** A sentinel that watches over `server`, which it calls "main". */
export async function startSentinel(server: RedisServer): Promise<Pick<RedisServer, "port"> & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-sentinel-"));
  const file = join(folder, "sentinel.conf");
  // Unlike a server, it writes into the file.
  writeFileSync(file, `bind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${server.port} 1\n`);
  const launched = await onFreePort((port) => launchServer([file, "--sentinel", "--port", String(port)], "+monitor master main"));
  return {
    port: launched.port,
    async [Symbol.asyncDispose]() {
      await end(launched.server);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

interface Launched {
  server: ChildProcess | undefined;
  readonly port: number;
}

async function onFreePort(launch: (port: number) => Promise<ChildProcess | undefined>): Promise<Launched> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = await freePort();
    const server = await launch(port);
    if (server !== undefined) return { server, port };
  }
  throw new Error(`No free port for redis-server after ${attempts} attempts.`);
}

async function end(server: ChildProcess | undefined): Promise<void> {
  if (server === undefined) return;
  const ended = server.exitCode === null && server.signalCode === null ? once(server, "exit") : undefined;
  server.kill("SIGKILL");
  await ended;
}

/** Resolves when the server answers, or to undefined when its port is taken. Rejects with what it printed when it ends otherwise. */
async function launchServer(given: string[], isReady = "Ready to accept connections"): Promise<ChildProcess | undefined> {
  const server = spawn("redis-server", given, { stdio: ["ignore", "pipe", "inherit"] });
  const kill = (): void => void server.kill("SIGKILL");
  process.once("exit", kill);
  server.once("exit", () => process.off("exit", kill));
  const printed: string[] = [];
  const failed = once(server, "error").then(([error]) => {
    throw error as Error;
  });
  const ready = (async (): Promise<ChildProcess | undefined> => {
    for await (const line of createInterface({ input: server.stdout })) {
      printed.push(line);
      if (line.includes(isReady)) return server;
    }
    if (printed.some((line) => line.includes("Address already in use"))) return undefined;
    throw new Error(`redis-server ended:\n${printed.join("\n")}`);
  })();
  const launched = await Promise.race([ready, failed]);
  // What it prints from now on is read and dropped, or it would stop when the pipe is full.
  server.stdout.resume();
  return launched;
}
