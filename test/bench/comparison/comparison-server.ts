import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startLoopback, type Loopback } from "../../servers/loopback.ts";

/** How an API and its token endpoint behave. */
export interface Behaviour {
  /** Seconds that access tokens live. Default 600. */
  readonly lifetime?: number;
  /** What an answer has in the place of a new refresh token: a new one, which uses the old one up, or nothing. Default "rotated". */
  readonly refreshTokens?: "rotated" | "none";
  /** Whether the API refuses every token. Default false. */
  readonly refusesAll?: boolean;
  /** How many refusals are answered at the same moment, the first time. Default 1. */
  readonly together?: number;
}

export interface ComparisonServer extends Loopback {
  readonly tokenEndpoint: string;
  /** The refresh token of each token request, "none" where it has none. */
  readonly sent: readonly string[];
  /** Whether a refresh token was sent that had been used before, so that the login was revoked. */
  readonly isRevoked: () => boolean;
  /** Whether a request to the API had a token. */
  readonly hasSeenToken: () => boolean;
  /** Requests to the API that were refused. */
  readonly refused: () => number;
  /** Lets `GET /late` go, whose refusals wait for that. */
  release(): void;
}

/** The most token requests that are answered: a library that goes on for ever is stopped here. */
const most = 50;

/** `GET /api` wants a token that is good; `GET /late` does, too, and answers late; `GET /broken` fails with 500, whatever comes. */
export async function startComparisonServer({
  lifetime = 600,
  refreshTokens = "rotated",
  refusesAll = false,
  together = 1,
}: Behaviour = {}): Promise<ComparisonServer> {
  const good = new Map<string, number>();
  const sent: string[] = [];
  let isRevoked = false;
  let refused = 0;
  let hasSeenToken = false;
  const all = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();

  const answerToken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let form = "";
    for await (const chunk of request) form += String(chunk);
    const refreshToken = new URLSearchParams(form).get("refresh_token") ?? "none";
    const isUsed = refreshTokens === "rotated" && sent.includes(refreshToken);
    sent.push(refreshToken);
    isRevoked ||= isUsed;
    const isGood = !isRevoked && sent.length <= most && !["none", "undefined", ""].includes(refreshToken);
    const number = sent.length;
    // Long enough for all refusals of a crowd to be read meanwhile, on a busy machine as well.
    await sleep(250);
    response.writeHead(isGood ? 200 : 400, { "content-type": "application/json" });
    if (!isGood) {
      response.end(JSON.stringify({ error: "invalid_grant" }));
      return;
    }
    good.set(`Bearer issued-${number}`, Date.now() + lifetime * 1000);
    const next = refreshTokens === "rotated" ? { refresh_token: `refresh-${number}` } : {};
    response.end(JSON.stringify({ access_token: `issued-${number}`, token_type: "Bearer", expires_in: lifetime, ...next }));
  };

  const answerApi = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    hasSeenToken ||= request.headers.authorization !== undefined;
    const until = good.get(request.headers.authorization ?? "") ?? 0;
    const status = request.url === "/broken" ? 500 : Date.now() < until && !refusesAll && !isRevoked ? 200 : 401;
    if (status === 401) {
      refused += 1;
      if (refused >= together) all.resolve();
      await all.promise;
      if (request.url === "/late") await gate.promise;
    }
    const challenge = status === 401 ? { "www-authenticate": 'Bearer error="invalid_token"' } : {};
    response.writeHead(status, { "content-type": "application/json", ...challenge }).end(JSON.stringify({ status }));
  };

  const loopback = await startLoopback(
    () => (request, response) => (request.url === "/token" ? answerToken(request, response) : answerApi(request, response)),
  );
  return {
    ...loopback,
    tokenEndpoint: `${loopback.origin}/token`,
    sent,
    isRevoked: () => isRevoked,
    hasSeenToken: () => hasSeenToken,
    refused: () => refused,
    release: gate.resolve,
  };
}
