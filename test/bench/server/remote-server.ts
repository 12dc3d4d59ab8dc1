import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerCounts, ServerMode } from "./server-counts.ts";

/** A bench server in a process of its own, so that what it costs is not its clients' cost. */
export interface RemoteServer {
  readonly origin: string;
  readonly tokenEndpoint: string;
  reset(mode: ServerMode): Promise<void>;
  counts(): Promise<ServerCounts>;
  [Symbol.asyncDispose](): Promise<void>;
}

const program = fileURLToPath(new URL("main.ts", import.meta.url));

export async function startRemoteServer(): Promise<RemoteServer> {
  const server = fork(program, { execArgv: ["--conditions=source"] });
  const origin = (await nextMessage(server)) as string;
  const ask = (message: { reset: ServerMode } | "counts"): Promise<unknown> => {
    server.send(message);
    return nextMessage(server);
  };
  return {
    origin,
    tokenEndpoint: `${origin}/token`,
    reset: async (mode) => void (await ask({ reset: mode })),
    counts: () => ask("counts") as Promise<ServerCounts>,
    async [Symbol.asyncDispose]() {
      const ended = once(server, "exit");
      server.disconnect();
      await ended;
    },
  };
}

async function nextMessage(server: ChildProcess): Promise<unknown> {
  const [message] = (await once(server, "message")) as [unknown];
  return message;
}
