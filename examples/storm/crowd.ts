import type { TokenCache } from "@tokenflight/core";
import { countsOf, newTallies, runCallers, type CallersOrder, type Tallies } from "./callers.ts";
import { clientNames } from "./clients.ts";
import { MemberProcess } from "./member-process.ts";
import type { MemberOrder } from "./member.ts";
import type { Obtained } from "./tokens.ts";

/** The callers, in this process or in several. */
export interface Crowd extends AsyncDisposable {
  /** Lets all of them call, and resolves when the time is over. */
  run(): Promise<Tallies>;
  /** What they have done so far. */
  soFar(): { requests: number; failures: number };
}

/** Callers of this process. */
export function crowdHere(tokens: TokenCache, order: CallersOrder): Crowd {
  const tallies = newTallies();
  return {
    async run() {
      await runCallers(tokens, order, tallies);
      return tallies;
    },
    soFar: () => countsOf(tallies),
    async [Symbol.asyncDispose]() {},
  };
}

/** A process for each order, ready to begin. Tells of each token request that any of them made. */
export async function crowdOfProcesses(orders: readonly MemberOrder[], onObtained: (obtained: Obtained) => void): Promise<Crowd> {
  const members = orders.map((order) => new MemberProcess(order, onObtained));
  await Promise.all(members.map(({ ready }) => ready));
  return {
    async run() {
      for (const member of members) member.begin();
      return combined(await Promise.all(members.map(({ done }) => done)));
    },
    soFar() {
      const all = members.map(({ counts }) => counts);
      return {
        requests: all.reduce((sum, { requests }) => sum + requests, 0),
        failures: all.reduce((sum, { failures }) => sum + failures, 0),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member.end()));
    },
  };
}

function combined(parts: readonly Tallies[]): Tallies {
  const whole = newTallies();
  for (const part of parts) {
    for (const name of clientNames) {
      for (const wait of part[name].waits) whole[name].waits.push(wait);
      whole[name].failures += part[name].failures;
      whole[name].refusalsSeen += part[name].refusalsSeen;
    }
  }
  return whole;
}
