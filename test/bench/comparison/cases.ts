import { inspect } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { expiredToken, freshToken } from "../contenders/held-token.ts";
import type { Send } from "../contenders/clients/client-contender.ts";
import { startComparisonServer, type ComparisonServer } from "./comparison-server.ts";
import type { Contestant } from "./contestants.ts";

/** One question to a library, and what a run of it answers, as the page has it. */
export interface Case {
  readonly title: string;
  answer(contestant: Contestant): Promise<string>;
}

const callers = 20;

/** What becomes of this many requests at once. */
async function sendAll(sends: readonly Send[]): Promise<string[]> {
  const results = await Promise.allSettled(sends.map((send) => send("/api")));
  return results.map(({ status }) => status);
}

const answered = (results: readonly string[]): number => results.filter((status) => status === "fulfilled").length;

/** How many of several depends on the machine: what matters is whether there is more than one. */
function tokenRequests({ sent }: ComparisonServer): string {
  const [none, one] = ["no token request", "1 token request"];
  return [none, one][sent.length] ?? "**several token requests**";
}

function outcome(server: ComparisonServer, results: readonly string[]): string {
  const end = answered(results) === results.length ? "all answered" : "**requests fail**";
  return `${tokenRequests(server)}, ${end}${server.isRevoked() ? ", **login lost**" : ""}`;
}

async function connect(contestant: Contestant, server: ComparisonServer, isExpired: boolean): Promise<Send> {
  contestant.forget?.();
  return connectAgain(contestant, server, isExpired);
}

/** The same with what the instances before have stored. */
async function connectAgain(contestant: Contestant, server: ComparisonServer, isExpired: boolean): Promise<Send> {
  const held = { ...(isExpired ? expiredToken("held") : freshToken("held")), refreshToken: "refresh-0" };
  return contestant.connect({ origin: server.origin, tokenEndpoint: server.tokenEndpoint, held, inProcess: false });
}

/** The refresh tokens of two refreshes, one after the other. */
async function twoRefreshes(contestant: Contestant, refreshTokens: "rotated" | "none"): Promise<readonly string[]> {
  await using server = await startComparisonServer({ lifetime: 1, refreshTokens });
  const send = await connect(contestant, server, true);
  await send("/api").catch(() => {});
  await sleep(1200);
  await send("/api").catch(() => {});
  return server.sent;
}

export const cases: readonly Case[] = [
  {
    title: `${callers} requests at once, the token has expired`,
    async answer(contestant) {
      await using server = await startComparisonServer();
      const send = await connect(contestant, server, true);
      return outcome(server, await sendAll(Array.from({ length: callers }, () => send)));
    },
  },
  {
    title: `${callers} requests at once, the API refuses the token`,
    async answer(contestant) {
      await using server = await startComparisonServer({ together: callers });
      const send = await connect(contestant, server, false);
      return outcome(server, await sendAll(Array.from({ length: callers }, () => send)));
    },
  },
  {
    title: "a refusal that comes after the refresh",
    async answer(contestant) {
      await using server = await startComparisonServer();
      const send = await connect(contestant, server, false);
      const late = Promise.allSettled([send("/late")]);
      while (server.refused() === 0) await sleep(5);
      const [early] = await Promise.allSettled([send("/api")]);
      server.release();
      const [last] = await late;
      return outcome(server, [early.status, last.status]);
    },
  },
  {
    title: "an API that refuses every token, one request",
    async answer(contestant) {
      await using server = await startComparisonServer({ refusesAll: true });
      const send = await connect(contestant, server, false);
      await send("/api").catch(() => {});
      return tokenRequests(server);
    },
  },
  {
    title: "a request to another origin",
    async answer(contestant) {
      if (contestant.elsewhere === "user") return "your program decides";
      await using server = await startComparisonServer();
      await using other = await startComparisonServer();
      const origin = contestant.elsewhere === "absolute" ? server.origin : "";
      const send = await connect(contestant, { ...server, origin }, false);
      await send(`${other.origin}/api`).catch(() => {});
      return other.hasSeenToken() ? "**has the token**" : "has no token";
    },
  },
  {
    title: "no new refresh token in the answer: the next refresh sends",
    async answer(contestant) {
      if (contestant.asksByItself === false) return "what your function sends";
      const [, second = ""] = await twoRefreshes(contestant, "none");
      return second === "refresh-0" ? "the one that it has" : "**none**";
    },
  },
  {
    title: "a new refresh token in the answer: the next refresh sends",
    async answer(contestant) {
      if (contestant.asksByItself === false) return "what your function sends";
      const [, second = ""] = await twoRefreshes(contestant, "rotated");
      return second === "refresh-1" ? "the new one" : "**the old one, login lost**";
    },
  },
  {
    title: "two instances with one stored login, the token has expired",
    async answer(contestant) {
      await using server = await startComparisonServer();
      const sends = [await connect(contestant, server, true), await connectAgain(contestant, server, true)];
      return outcome(server, await sendAll(sends));
    },
  },
  {
    title: "the error of a 500, printed to its depth",
    async answer(contestant) {
      await using server = await startComparisonServer();
      if (!contestant.throwsForStatus) return "it throws none";
      const send = await connect(contestant, server, true);
      await send("/api").catch(() => {});
      const error: unknown = await send("/broken").then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return inspect(error, { depth: 12, showHidden: true }).includes("issued-1") ? "**shows the token**" : "does not show the token";
    },
  },
];
