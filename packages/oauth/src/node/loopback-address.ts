import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { requireOneOf, requireThat } from "@tokenflight/core";
import { LoginError } from "../errors.ts";

/** Where this machine waits for a callback. */
export interface LoopbackAddress {
  /** Zero for one that the system chooses. */
  readonly port: number;
  readonly host: LoopbackHost;
  readonly path: string;
}

/** How this machine is named in the redirect URI (RFC 8252 section 7.3). */
export type LoopbackHost = "127.0.0.1" | "[::1]" | "localhost";

/** A browser asks either of two addresses for localhost, so that nobody else must have the other one. */
const addresses: Readonly<Record<LoopbackHost, readonly string[]>> = {
  "127.0.0.1": ["127.0.0.1"],
  "[::1]": ["::1"],
  localhost: ["127.0.0.1", "::1"],
};

/** Codes of a machine without IPv4, or without IPv6. */
const absent = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "ENOTSUP", "EINVAL"]);

/** How many ports are tried where the system chooses one that is free at one address of localhost only. */
const attempts = 10;

/** Throws InvalidOptionError. */
export function requireAddress(where: string, { port, host, path }: LoopbackAddress): void {
  requireThat(Number.isInteger(port) && port >= 0 && port <= 65_535, `${where}.port`, "a port, or 0 for any", port);
  requireOneOf(`${where}.host`, host, Object.keys(addresses));
  const isPath = typeof path === "string" && (path === "" || (URL.parse(`http://${host}${path}`)?.pathname === path && path[0] === "/"));
  requireThat(isPath, `${where}.path`, 'a path such as "/callback", spelled as in a URL, without a query', path);
}

/**
 * Makes servers listen at every address that the host stands for, on one port, and returns the port. Rejects with LoginError, "port", and none of them
 * listens then.
 */
export async function listen(
  { port, host }: LoopbackAddress,
  makeServer: () => Server,
): Promise<{ port: number; servers: readonly Server[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const servers: Server[] = [];
    let problem: unknown;
    for (const address of addresses[host]) {
      const server = makeServer();
      try {
        await listenAt(server, port === 0 ? portOf(servers[0]) : port, address);
        servers.push(server);
      } catch (error) {
        if (host !== "localhost" || !absent.has(codeOf(error))) problem ??= error;
      }
    }
    const chosen = portOf(servers[0]);
    if (problem === undefined && chosen !== 0) return { port: chosen, servers };
    for (const server of servers) server.close();
    if (port !== 0 || codeOf(problem) !== "EADDRINUSE" || attempt === attempts) throw portError(port, host, problem);
  }
}

function listenAt(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Another process of a cluster must not get the callback.
    server.listen({ port, host: address, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server | undefined): number {
  return (server?.address() as AddressInfo | null | undefined)?.port ?? 0;
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "no address";
}

function portError(port: number, host: LoopbackHost, cause: unknown): LoginError {
  const code = codeOf(cause);
  const why = code === "EADDRINUSE" ? "is taken by another program" : `cannot be had (${code})`;
  const told = port === 0 ? `The system gives no port of ${host} (${code})` : `Port ${port} of ${host} ${why}`;
  return new LoginError("port", `${told}, so that no callback could come back.`, { cause });
}
