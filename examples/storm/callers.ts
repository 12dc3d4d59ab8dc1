import { setTimeout as sleep } from "node:timers/promises";
import type { TokenCache } from "@tokenflight/core";
import { clientNames, connectClients, statusOf, type Call, type ClientName } from "./clients.ts";

/** What the callers of one client went through. */
export interface Tally {
  /** Milliseconds that each successful request took. */
  waits: number[];
  failures: number;
  /** 401s that reached a caller. */
  refusalsSeen: number;
}

export type Tallies = Record<ClientName, Tally>;

export interface CallersOrder {
  /** Of the API. */
  readonly origin: string;
  readonly callers: number;
  readonly seconds: number;
  /** Told apart in request bodies: no two groups of callers send the same one. */
  readonly group: number;
}

export function newTallies(): Tallies {
  const newTally = (): Tally => ({ waits: [], failures: 0, refusalsSeen: 0 });
  return { axios: newTally(), got: newTally(), ky: newTally() };
}

export function countsOf(tallies: Tallies): { requests: number; failures: number } {
  const all = Object.values(tallies);
  return {
    requests: all.reduce((sum, { waits, failures }) => sum + waits.length + failures, 0),
    failures: all.reduce((sum, { failures }) => sum + failures, 0),
  };
}

/** Shares callers out among the three clients, and lets them call until the time is over. Counts in `tallies` as it goes. */
export async function runCallers(tokens: TokenCache, order: CallersOrder, tallies: Tallies): Promise<void> {
  const { origin, callers, seconds, group } = order;
  const calls = connectClients(tokens, origin);
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const name = clientNames[caller % clientNames.length] as ClientName;
      for (let turn = 0; performance.now() < end; turn += 1) {
        const wait = await callOnce(calls[name], `${name} ${group} ${caller} ${turn}`, tallies[name]);
        await sleep(pauseAfter(wait));
      }
    }),
  );
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
 * measure how three clients and two servers starve each other on one machine.
 */
function pauseAfter(wait: number): number {
  return Math.max(300, wait * 5) * (0.5 + Math.random());
}
