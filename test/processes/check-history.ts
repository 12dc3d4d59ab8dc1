import { promised } from "../setup/repetitions.ts";
import type { HistoryEntry } from "./history.ts";

/** What a history comes to. */
export interface HistoryCounts {
  /** Refresh tokens that reached the server. */
  readonly generations: number;
  /** Token requests with the refresh token that was sent most often. */
  readonly mostRequests: number;
  readonly tokenRequests: number;
  readonly handedOut: number;
  /** Tokens that were given to a caller although they were over. */
  readonly handedOutLate: number;
  /** Times that a process gave its callers an older token than before. */
  readonly backwards: number;
  /** Tokens given to a caller that the server never issued. */
  readonly unknown: number;
  /** Milliseconds from when a token was stored to when each other process that waited for it had it, sorted. */
  readonly waits: readonly number[];
}

/** Milliseconds for which a process may not get the processor between deciding about a token and noting it, on a machine that has others to run. */
const longestRest = promised({ page: 0, ordinary: 250 });

/** `first` is the token of the login, which no refresh has issued. */
export function checkHistory(history: readonly HistoryEntry[], first: string): HistoryCounts {
  const requests = new Map<string, number>();
  const order = new Map([[first, 0]]);
  const newest = new Map<string, number>();
  const counts = { tokenRequests: 0, handedOut: 0, handedOutLate: 0, backwards: 0, unknown: 0 };
  for (const entry of history) {
    if (entry.did === "received") {
      counts.tokenRequests += 1;
      requests.set(entry.refreshToken, (requests.get(entry.refreshToken) ?? 0) + 1);
    } else if (entry.did === "issued") {
      order.set(entry.token, order.size);
    } else if (entry.did === "handed-out") {
      const place = order.get(entry.token);
      counts.handedOut += 1;
      if (entry.left <= -longestRest) counts.handedOutLate += 1;
      if (place === undefined) counts.unknown += 1;
      if ((place ?? 0) < (newest.get(entry.by) ?? 0)) counts.backwards += 1;
      newest.set(entry.by, place ?? 0);
    }
  }
  return { ...counts, generations: requests.size, mostRequests: Math.max(0, ...requests.values()), waits: waitsIn(history) };
}

function waitsIn(history: readonly HistoryEntry[]): number[] {
  const stored = new Map<number, number>();
  const waiting = new Set<string>();
  const waits: number[] = [];
  for (const entry of history.toSorted((one, other) => one.at - other.at)) {
    if (entry.did === "stored") stored.set(entry.generation, entry.at);
    else if (entry.did === "saw-intent" && !stored.has(entry.generation + 1)) waiting.add(`${entry.by} ${entry.generation + 1}`);
    else if (entry.did === "adopted" && waiting.has(`${entry.by} ${entry.generation}`)) {
      const since = stored.get(entry.generation);
      if (since !== undefined) waits.push(entry.at - since);
    }
  }
  return waits.toSorted((one, other) => one - other);
}
