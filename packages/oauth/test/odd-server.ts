import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

export interface OddServer {
  readonly origin: string;
  /** Of a token endpoint at this server. */
  readonly tokenEndpoint: string;
  /** Every request that came, whole, in order. */
  readonly received: readonly Received[];
  /** Resolves when the connection of the n-th request, from 0, is closed. */
  closed(index: number): Promise<void>;
}

type Handler = (response: ServerResponse, request: IncomingMessage, received: Received) => void;

/** A real HTTP server on a free port of this machine that answers as the handler likes. It is stopped when the test ends. */
export async function startOddServer(handler: Handler): Promise<OddServer> {
  const received: Received[] = [];
  const ends: Promise<void>[] = [];
  const server = createServer(async (request, response) => {
    // Many requests come on one connection.
    request.socket.setMaxListeners(0);
    ends.push(new Promise((resolve) => request.socket.once("close", () => resolve())));
    response.on("error", () => {});
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const one = { method: request.method, path: request.url, headers: request.headers, form: new URLSearchParams(body) };
    received.push(one);
    handler(response, request, one);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    tokenEndpoint: `${origin}/oauth/token`,
    received,
    closed: (index) => ends[index] ?? Promise.reject(new Error("no such request")),
  };
}

/** An origin on this machine where nobody listens. */
export async function nobodysOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** Answers every request with this. A body that is neither text nor bytes is sent as JSON. */
export function always(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (response) => {
    const asIs = typeof body === "string" || Buffer.isBuffer(body);
    response.writeHead(status, { ...(asIs ? {} : { "content-type": "application/json" }), ...headers });
    response.end(asIs ? body : JSON.stringify(body));
  };
}
