import type { ClientContender } from "../contenders/clients/client-contender.ts";
import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { limitConnections } from "../contenders/clients/connections.ts";
import { expiredToken, freshToken } from "../contenders/held-token.ts";
import { interleave } from "../measure/interleave.ts";
import type { Sample, Values } from "../measure/sample.ts";
import { spent } from "../measure/spent.ts";
import { startRemoteServer, type RemoteServer } from "../server/remote-server.ts";
import type { Effort, Part, Scenario } from "./scenario.ts";

/** Why the first token will not do: its time is over, as the client can know, or only the server knows. */
export type Trouble = "expired" | "refused";

export const titles: Record<Trouble, string> = { expired: "locally expired", refused: "refused by the server" };

/** Milliseconds that a token request takes. */
export const tokenDelay = 30;

export const storm: Scenario = {
  name: "storm",
  title: "Refresh storm",
  about:
    `All callers send a GET in the same moment, over 64 connections to a server in another process; a token request takes ${tokenDelay} ms there. The floor is the ` +
    "same load with a token that is good. The token endpoint is lenient: a refresh token may be used as often as anybody likes. `axios-auth-refresh` and the recipes of got " +
    "and ky do not look at the clock: an expired token is a refused one to them. Peers take part in the first process only: how often they ask for a token is told by that.",
  rounds: 1,
  processes: 3,
  columns: [
    { title: "token requests", measure: "tokenRequests", show: "count", digits: 0 },
    { title: "failures", measure: "failures", show: "count", digits: 0 },
    { title: "wall, ms", measure: "wall", show: "value", digits: 0 },
    { title: "wall × static", measure: "wall", show: "ratio", digits: 2 },
    { title: "CPU × static", measure: "cpu", show: "ratio", digits: 2 },
  ],
  targets: (["expired", "refused"] as const).flatMap((trouble) => {
    const applies = (table: string): boolean => table.startsWith("10,000") && table.endsWith(titles[trouble]);
    const storms = `storm of 10,000, ${titles[trouble]}`;
    return [
      { what: `${storms}: token requests`, applies, measure: "tokenRequests", compare: "value", decides: "largest", most: 1 } as const,
      { what: `${storms}: failures`, applies, measure: "failures", compare: "value", decides: "largest", most: 0 } as const,
      {
        what: `${storms}: wall × static`,
        applies,
        measure: "wall",
        compare: "ratio",
        decides: "median",
        most: trouble === "expired" ? 1.15 : 2.1,
        reason: "wall time of a crowd is noise as much as work: CPU × static, in the table, tells what is ours",
      } as const,
    ];
  }),
  packages: clientPackages,
  parts: ({ quick }) => {
    const crowds = quick ? [1000] : [1000, 10_000];
    return crowds.flatMap((crowd) => (["expired", "refused"] as const).flatMap((trouble) => partsOf(crowd, trouble)));
  },
};

function partsOf(crowd: number, trouble: Trouble): Part[] {
  const table = `${crowd.toLocaleString("en")} callers, ${titles[trouble]}`;
  return clientNames.map((client) => ({
    table,
    group: client,
    run: async (effort) => runStorms(await contendersOf(client), { crowd, trouble, connections: 64 }, effort),
  }));
}

export interface Storm {
  readonly crowd: number;
  readonly trouble: Trouble;
  readonly connections: number;
}

export async function runStorms(
  contenders: readonly ClientContender[],
  { crowd, trouble, connections }: Storm,
  { rounds, peers }: Effort,
): Promise<Sample[]> {
  const able = contenders.filter(({ role }) => role !== "reference" && (peers || role !== "peer"));
  if (able.length < 2) return [];
  limitConnections(connections);
  await using server = await startRemoteServer();
  for (const contender of able) await stormOnce(server, contender, 200, trouble);
  // Awaited here, because the server ends with this function.
  return await interleave(able, rounds, (contender) => stormOnce(server, contender, crowd, trouble));
}

/** Milliseconds on the clock and on the processor for the whole crowd, and the counts of the server. */
export async function stormOnce(
  server: Pick<RemoteServer, "origin" | "tokenEndpoint" | "reset" | "counts">,
  contender: ClientContender,
  crowd: number,
  trouble: Trouble,
): Promise<Values> {
  const { origin, tokenEndpoint } = server;
  const good = freshToken("good");
  await server.reset({ lifetime: 3600, tokenDelay, rotate: false, accepts: [good.accessToken] });
  const bad = trouble === "expired" ? expiredToken("bad") : freshToken("bad");
  const send = await contender.connect({ origin, tokenEndpoint, held: contender.role === "floor" ? good : bad, inProcess: false });
  let failures = 0;
  const { wall, cpu } = await spent(async () => {
    const results = await Promise.allSettled(Array.from({ length: crowd }, () => send("/api")));
    failures = results.filter(({ status }) => status === "rejected").length;
  });
  const { tokenRequests, refused } = await server.counts();
  return { tokenRequests, failures, refused, wall: wall / 1000, cpu: cpu / 1000 };
}
