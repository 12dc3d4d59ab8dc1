import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, type TokenEvent } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import type { StormOptions } from "./arguments.ts";
import { clientNames, connectClients, statusOf, type Call, type ClientName } from "./clients.ts";

export interface ClientResult {
  requests: number;
  failures: number;
  /** 401s that reached a caller. */
  refusalsSeen: number;
  /** Requests that the API refused once and that were sent again. */
  replays: number;
  /** Milliseconds that a caller waited. */
  p50: number;
  p99: number;
}

export interface StormResult {
  clients: Record<ClientName, ClientResult>;
  tokensIssued: number;
  /** Token requests with a refresh token that reached the authorization server. */
  refreshes: number;
  /** Those that were made in the background, before the token was over. */
  refreshesAhead: number;
  /** Tokens whose time was over, or nearly. */
  expiries: number;
  revocations: number;
  refreshTokensReused: number;
  seconds: number;
  callers: number;
  ttl: number;
  /** Whether no caller saw a 401 or another failure, and no token cost more than one refresh. */
  calm: boolean;
}

export interface Progress {
  elapsed: number;
  requests: number;
  failures: number;
  refreshes: number;
}

type Obtained = Extract<TokenEvent, { type: "token-obtained" }>;

interface Tally {
  waits: number[];
  failures: number;
  refusalsSeen: number;
}

/** Runs the storm. Reports progress four times a second. */
export async function runStorm({ seconds, callers, ttl }: StormOptions, report: (progress: Progress) => void): Promise<StormResult> {
  await using server = await startAuthorizationServer({ accessTokenLifetime: ttl });
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken), record: false });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });

  const events: TokenEvent[] = [];
  const tokens = createTokenCache({ source: client.refreshToken(), observe: (event) => events.push(event) });
  await tokens.save(await client.exchangeCode(await server.login()));

  const calls = connectClients(tokens, api.origin);
  const tallies: Record<ClientName, Tally> = { axios: newTally(), got: newTally(), ky: newTally() };
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  const progress = (): void => {
    const all = Object.values(tallies);
    report({
      elapsed: elapsed(),
      requests: all.reduce((sum, { waits, failures }) => sum + waits.length + failures, 0),
      failures: all.reduce((sum, { failures }) => sum + failures, 0),
      refreshes: server.stats.refreshes,
    });
  };

  let revocations = 0;
  const ticker = setInterval(progress, 250);
  const revocation = setTimeout(
    () => {
      const current = tokens.peek();
      if (current !== undefined && server.revokeAccessToken(current.accessToken)) revocations += 1;
    },
    (seconds * 1000) / 2,
  );
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const name = clientNames[caller % clientNames.length] as ClientName;
      for (let turn = 0; elapsed() < seconds; turn += 1) {
        const wait = await callOnce(calls[name], `${name} ${caller} ${turn}`, tallies[name]);
        await sleep(pauseAfter(wait));
      }
    }),
  );
  clearInterval(ticker);
  clearTimeout(revocation);
  progress();
  const obtained = (): Obtained[] => events.filter((event) => event.type === "token-obtained");
  const refreshes = (): number => server.stats.tokenRequests["refresh_token"] ?? 0;
  // A refresh ahead may still be under way: its request has been counted, its result has not.
  for (let waits = 0; waits < 100 && obtained().length < refreshes(); waits += 1) await sleep(20);

  const clients = Object.fromEntries(clientNames.map((name) => [name, summary(tallies[name], api.counts(name).refused)]));
  const { tokensIssued, refreshTokenReuses } = server.stats;
  const results = Object.values(clients as Record<ClientName, ClientResult>);
  return {
    clients: clients as Record<ClientName, ClientResult>,
    tokensIssued,
    refreshes: refreshes(),
    refreshesAhead: obtained().filter(({ urgency }) => urgency === "ahead").length,
    expiries: obtained().filter(({ reason }) => reason === "expiring" || reason === "expired").length,
    revocations,
    refreshTokensReused: refreshTokenReuses,
    seconds,
    callers,
    ttl,
    calm:
      results.every(({ failures, refusalsSeen }) => failures + refusalsSeen === 0) &&
      refreshes() === obtained().length &&
      refreshTokenReuses === 0,
  };
}

/** Milliseconds that the call took. */
async function callOnce(call: Call, body: string, tally: Tally): Promise<number> {
  const began = performance.now();
  try {
    const echoed = await call(body);
    if (echoed !== body) throw new Error("The API got another body than the one that was sent.");
    tally.waits.push(performance.now() - began);
  } catch (error) {
    tally.failures += 1;
    if (statusOf(error) === 401) tally.refusalsSeen += 1;
  }
  return performance.now() - began;
}

/**
 * A caller's pause before its next request: about a third of a second, and longer when answers get slow. Callers without a pause would
 * measure how three clients and two servers starve each other in one process.
 */
function pauseAfter(wait: number): number {
  return Math.max(300, wait * 5) * (0.5 + Math.random());
}

function newTally(): Tally {
  return { waits: [], failures: 0, refusalsSeen: 0 };
}

function summary({ waits, failures, refusalsSeen }: Tally, refused: number): ClientResult {
  const sorted = waits.toSorted((a, b) => a - b);
  const percentile = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1));
  return {
    requests: waits.length + failures,
    failures,
    refusalsSeen,
    replays: refused - refusalsSeen,
    p50: percentile(0.5),
    p99: percentile(0.99),
  };
}
