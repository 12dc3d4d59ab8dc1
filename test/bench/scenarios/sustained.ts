import type { ClientContender } from "../contenders/clients/client-contender.ts";
import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { limitFetch } from "../contenders/clients/connections.ts";
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

export const sustained: Scenario = {
  name: "sustained",
  title: "Sustained load",
  about:
    `${rate} requests a second for 20 s through each contender, and as many in the same moments through the same client with a token that never ends; access tokens live ` +
    `${lifetime} s, a token request takes 30 ms. Latencies count from the moment at which a request was due. Near a refresh: due from ${before} ms before a token ` +
    `request arrived to ${after} ms after it, for both. Peers take part in the first process only.`,
  rounds: 1,
  processes: 2,
  columns: [
    { title: `over ${slow} ms near a refresh`, measure: "slowNear", show: "value", digits: 0 },
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
  limitFetch();
  await using server = await startRemoteServer();
  const samples: Sample[] = [];
  const able = others.filter(({ role }) => role !== "reference" && (peers || role !== "peer"));
  for (let turn = 0; turn < rounds * able.length; turn += 1) {
    const contender = able[turn % able.length] as ClientContender;
    await sideBySide(server, floor, contender, 1);
    await collectGarbage();
    const [ofFloor, ofContender] = await sideBySide(server, floor, contender, quick ? 5 : 20);
    // The pair is a round of its own, so that they are compared with each other.
    samples.push({ contender: floor.name, role: floor.role, round: turn, values: ofFloor });
    samples.push({ contender: contender.name, role: contender.role, round: turn, values: ofContender });
  }
  return samples;
}

async function sideBySide(
  server: RemoteServer,
  floor: ClientContender,
  contender: ClientContender,
  seconds: number,
): Promise<readonly [Values, Values]> {
  const { origin, tokenEndpoint } = server;
  const good = freshToken("good");
  await server.reset({ lifetime, tokenDelay: 30, rotate: false, accepts: [good.accessToken] });
  const withStatic = await floor.connect({ origin, tokenEndpoint, held: good, inProcess: false });
  const held = await requestRefresh(tokenEndpoint, "refresh");
  const withRefresh = await contender.connect({ origin, tokenEndpoint, held, inProcess: false });
  const [ofFloor = [], ofContender = []] = await steadyLoad([() => withStatic("/api"), () => withRefresh("/api")], rate, seconds);
  const { refused, tokenRequestTimes } = await server.counts();
  // The first one was for the token to begin with.
  const refreshes = tokenRequestTimes.slice(1);
  return [
    valuesOf(ofFloor, { refused: 0, tokenRequestTimes: refreshes }, 0),
    valuesOf(ofContender, { refused, tokenRequestTimes: refreshes }, refreshes.length),
  ];
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
