import type { ClientContender } from "../contenders/clients/client-contender.ts";
import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { limitConnections } from "../contenders/clients/connections.ts";
import { freshToken } from "../contenders/held-token.ts";
import { requestRefresh } from "../contenders/request-refresh.ts";
import { collectGarbage } from "../measure/collect-garbage.ts";
import type { Sample, Values } from "../measure/sample.ts";
import { steadyLoad, type Latency } from "../measure/steady-load.ts";
import { percentile } from "../measure/statistics.ts";
import type { ServerCounts } from "../server/server-counts.ts";
import { startRemoteServer, type RemoteServer } from "../server/remote-server.ts";
import type { Effort, Scenario } from "./scenario.ts";

const rate = 500;
const lifetime = 2;
/** Milliseconds: what counts as slow, and what counts as near a token request's arrival. */
const slow = 15;
const before = 50;
const after = 350;
/** The floor once more. */
const again = "static header, once more";

export const sustained: Scenario = {
  name: "sustained",
  title: "Sustained load",
  about:
    `${rate} requests a second for 20 s through each contender, and as many in the same moments through the same client with a token that never ends; access tokens live ` +
    `${lifetime} s, a token request takes 30 ms. Latencies count from the moment at which a request was due. Near a refresh: due from ${before} ms before a token ` +
    `request arrived to ${after} ms after it, for both. Beside ours, the static token goes a second time in the same moments: what it differs by from itself is chance. ` +
    `Peers take part in one round only.`,
  rounds: 2,
  processes: 3,
  columns: [
    { title: `over ${slow} ms near a refresh`, measure: "slowNear", show: "value", digits: 0 },
    { title: "− static", measure: "slowNear", show: "excess", digits: 0 },
    { title: "p50, ms", measure: "p50", show: "value", digits: 1 },
    { title: "p99, ms", measure: "p99", show: "value", digits: 1 },
    { title: "p99 × static", measure: "p99", show: "ratio", digits: 2 },
    { title: "refused by the server", measure: "refused", show: "count", digits: 0 },
    { title: "token requests", measure: "tokenRequests", show: "count", digits: 0 },
    { title: "failures", measure: "failures", show: "count", digits: 0 },
  ],
  targets: [
    {
      what: `sustained: requests over ${slow} ms near a refresh − those of the static token`,
      measure: "slowNear",
      compare: "excess",
      decides: "median",
      most: 0,
      chance: again,
    },
    { what: "sustained: refused by the server", measure: "refused", compare: "value", decides: "largest", most: 0 },
    { what: "sustained: p99 × static", measure: "p99", compare: "ratio", decides: "median", most: 1.2 },
  ],
  packages: clientPackages,
  parts: () => clientNames.map((client) => ({ table: "", group: client, run: async (effort) => run(await contendersOf(client), effort) })),
};

/** Each contender beside the floor, once a round. */
async function run([floor, ...others]: readonly ClientContender[], { rounds, quick, peers }: Effort): Promise<Sample[]> {
  if (floor === undefined) throw new Error("There is no floor.");
  limitConnections();
  await using server = await startRemoteServer();
  const reference: ClientContender = { ...floor, name: again, role: "reference" };
  const rivals = (round: number): ClientContender[] =>
    others.filter(({ role }) => role === "ours" || (role === "peer" && peers && round === 0));
  const all = Array.from({ length: rounds }, (_, round) => rivals(round)).flat();
  const samples: Sample[] = [];
  for (const [turn, contender] of all.entries()) {
    const beside = contender.role === "ours" ? [floor, reference, contender] : [floor, contender];
    await sideBySide(server, beside, 1);
    await collectGarbage();
    const values = await sideBySide(server, beside, quick ? 5 : 20);
    // What ran side by side is a round of its own, so that it is compared with itself.
    samples.push(...beside.map(({ name, role }, which) => ({ contender: name, role, round: turn, values: values[which] ?? {} })));
  }
  return samples;
}

/** All of them at once; only the last has a token that ends. */
async function sideBySide(server: RemoteServer, beside: readonly ClientContender[], seconds: number): Promise<Values[]> {
  const { origin, tokenEndpoint } = server;
  const good = freshToken("good");
  await server.reset({ lifetime, tokenDelay: 30, rotate: false, accepts: [good.accessToken] });
  const ends = await requestRefresh(tokenEndpoint, "refresh");
  const isLast = (which: number): boolean => which === beside.length - 1;
  const sends = await Promise.all(
    beside.map(async (contender, which) =>
      contender.connect({ origin, tokenEndpoint, held: isLast(which) ? ends : good, inProcess: false }),
    ),
  );
  const latencies = await steadyLoad(
    sends.map((send) => () => send("/api")),
    rate,
    seconds,
  );
  const { refused, tokenRequestTimes } = await server.counts();
  // The first one was for the token to begin with.
  const refreshes = tokenRequestTimes.slice(1);
  return latencies.map((ofOne, which) =>
    isLast(which)
      ? valuesOf(ofOne, { refused, tokenRequestTimes: refreshes }, refreshes.length)
      : valuesOf(ofOne, { refused: 0, tokenRequestTimes: refreshes }, 0),
  );
}

function valuesOf(
  latencies: readonly Latency[],
  { refused, tokenRequestTimes }: Pick<ServerCounts, "refused" | "tokenRequestTimes">,
  tokenRequests: number,
): Values {
  const waits = latencies.map(({ took }) => took);
  const near = latencies.filter(({ due }) => tokenRequestTimes.some((at) => due >= at - before && due <= at + after));
  return {
    p50: percentile(waits, 0.5),
    p99: percentile(waits, 0.99),
    slowNear: near.filter(({ took }) => took > slow).length,
    refused,
    tokenRequests,
    failures: latencies.filter(({ failed }) => failed).length,
  };
}
