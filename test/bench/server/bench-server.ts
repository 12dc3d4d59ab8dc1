import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { startLoopback, type Loopback } from "../../servers/loopback.ts";
import type { ServerCounts, ServerMode } from "./server-counts.ts";
import { TokenIssuer } from "./token-issuer.ts";

/** An API and its token endpoint in one. */
export interface BenchServer extends Loopback {
  /** Forgets everything, and behaves like this from now on. */
  reset(mode: ServerMode): void;
  counts(): ServerCounts;
}

const ok = Buffer.from('{"ok":true}');
const okHeaders = { "content-type": "application/json", "content-length": ok.length };
const refusedHeaders = { "www-authenticate": 'Bearer error="invalid_token"', "content-length": 0 };

/** How long a late refusal comes after the first refresh, in milliseconds; without a refresh it does not wait for ever. */
const lateness = 150;
const longestWait = 3000;

/**
 * `GET /late` answers as `GET /api` does, but keeps a refusal back until the first refresh is over, so that it is a straggler. `POST /token`
 * is the token endpoint.
 */
export async function startBenchServer(): Promise<BenchServer> {
  let issuer = new TokenIssuer({ lifetime: 3600, tokenDelay: 0, rotate: false, accepts: [] });

  const api = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (issuer.takes(request.headers.authorization)) {
      response.writeHead(200, okHeaders).end(ok);
      return;
    }
    if (request.url === "/late") {
      await Promise.race([issuer.firstIssued, sleep(longestWait)]);
      await sleep(lateness);
    }
    response.writeHead(401, refusedHeaders).end();
  };

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let form = "";
    for await (const chunk of request) form += String(chunk);
    const { status, body } = await issuer.answer(new URLSearchParams(form).get("refresh_token") ?? "");
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

  const loopback = await startLoopback(() => (request, response) => {
    return request.url === "/token" ? token(request, response) : api(request, response);
  });
  return {
    ...loopback,
    reset: (mode) => {
      issuer = new TokenIssuer(mode);
    },
    counts: () => issuer.counts(),
  };
}
