import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen, type LoopbackAddress } from "./loopback-address.ts";

export interface LoopbackServer {
  /** Such as "http://127.0.0.1:40123/callback". */
  readonly redirectUri: string;
  /** Stops listening and ends every connection. */
  close(): void;
}

/** Takes a callback, as path and query. Resolves to whether the login has succeeded, or to undefined when the callback is not this login's. */
export type TakeCallback = (callback: string) => Promise<boolean | undefined>;

/** Milliseconds for the page to reach the browser. */
const pageTimeout = 1000;

/** Nothing of the request is shown in a page, and a page loads and runs nothing. */
const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close",
};

function page(title: string, text: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;
}

const pages = {
  done: page("Logged in", "You can close this window and go back to the program."),
  failed: page("Login failed", "Go back to the program: it says what went wrong."),
  refused: page("Not here", "This address only takes the answer to a login."),
};

/**
 * Listens on this machine (RFC 8252 section 7.3) and hands over what a browser brings to the path. Only GET is accepted, and only with this very Host: a
 * host name that somebody points to this machine is refused. Rejects with LoginError, "port".
 */
export async function startLoopbackServer(address: LoopbackAddress, take: TakeCallback): Promise<LoopbackServer> {
  let redirectUri = "";
  const { port, servers } = await listen(address, () =>
    createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
      answer(request, response, new URL(redirectUri), take).catch(() => response.destroy());
    }),
  );
  redirectUri = `http://${address.host}:${port}${address.path}`;
  return {
    redirectUri,
    close() {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
        // A browser that keeps its connection open keeps neither the port nor the process for longer than the page needs.
        setTimeout(() => server.closeAllConnections(), pageTimeout).unref();
      }
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, { host, pathname }: URL, take: TakeCallback): Promise<void> {
  const refuse = (status: number, further: Record<string, string> = {}): void => {
    response.writeHead(status, { ...headers, ...further }).end(pages.refused);
  };
  const { url = "" } = request;
  if (request.headers.host !== host) return refuse(421);
  if (url !== pathname && !url.startsWith(`${pathname}?`)) return refuse(404);
  if (request.method !== "GET") return refuse(405, { allow: "GET" });
  const succeeded = await take(url);
  if (succeeded === undefined) return refuse(400);
  response.writeHead(succeeded ? 200 : 400, headers).end(succeeded ? pages.done : pages.failed);
}
