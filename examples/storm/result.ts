import type { Tally } from "./callers.ts";
import type { ClientName } from "./clients.ts";
import type { StoreName } from "./store-names.ts";

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
  processes: number;
  store: StoreName;
  /** Whether no caller saw a 401 or another failure, and no token cost more than one refresh. */
  calm: boolean;
}

/** `refused` are the requests that the API refused. */
export function summary({ waits, failures, refusalsSeen }: Tally, refused: number): ClientResult {
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

/** `obtained` are the token sets that came of refreshes: a token request more than that is one too many. */
export function isCalm({ clients, refreshes, refreshTokensReused }: Omit<StormResult, "calm">, obtained: number): boolean {
  const quiet = Object.values(clients).every(({ failures, refusalsSeen }) => failures + refusalsSeen === 0);
  return quiet && refreshes === obtained && refreshTokensReused === 0;
}
