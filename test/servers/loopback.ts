import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server of this process, on a port of 127.0.0.1 that the system chose. */
export interface Loopback {
  /** Such as "http://127.0.0.1:40123". */
  readonly origin: string;
  /** Stops listening and ends every connection, idle or busy. May be called again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Listens first and asks for the handler then, because what a server says about itself often needs its own origin. */
export async function startLoopback(handlerFor: (origin: string) => Handler): Promise<Loopback> {
  const server = createServer();
  // Node closes idle connections after some seconds, which resets a request that is just being sent on one. No test is about that.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const handler = handlerFor(origin);
  server.on("request", (request, response) => {
    // A handler that fails is a mistake in a test or a server of ours: the client sees the text, not an endless wait.
    const fail = (error: unknown): void => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end(`The test server failed: ${String(error)}`);
    };
    try {
      Promise.resolve(handler(request, response)).catch(fail);
    } catch (error) {
      fail(error);
    }
  });

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  return { origin, close, [Symbol.asyncDispose]: close };
}
