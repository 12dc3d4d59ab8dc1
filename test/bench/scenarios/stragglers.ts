import type { ClientContender } from "../contenders/clients/client-contender.ts";
import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { limitConnections } from "../contenders/clients/connections.ts";
import { freshToken } from "../contenders/held-token.ts";
import { interleave } from "../measure/interleave.ts";
import type { Sample, Values } from "../measure/sample.ts";
import { startRemoteServer, type RemoteServer } from "../server/remote-server.ts";
import type { Effort, Scenario } from "./scenario.ts";

/** Not more than the connections that each client may open, so that all are sent before the first answer. */
const callers = 60;

export const stragglers: Scenario = {
  name: "stragglers",
  title: "Stragglers",
  about:
    `${callers} callers send a GET with a token that the server refuses. Half of the refusals come at once; the others only 150 ms after the first refresh is over. ` +
    "One token request is enough: the late refusals are about a token that has been replaced already.",
  rounds: 3,
  processes: 1,
  columns: [
    { title: "token requests", measure: "tokenRequests", show: "count", digits: 0 },
    { title: "failures", measure: "failures", show: "count", digits: 0 },
  ],
  targets: [
    { what: "stragglers: token requests", measure: "tokenRequests", compare: "value", decides: "largest", most: 1 },
    { what: "stragglers: failures", measure: "failures", compare: "value", decides: "largest", most: 0 },
  ],
  packages: clientPackages,
  parts: () => clientNames.map((client) => ({ table: "", group: client, run: async (effort) => run(await contendersOf(client), effort) })),
};

async function run(contenders: readonly ClientContender[], { rounds }: Effort): Promise<Sample[]> {
  limitConnections();
  await using server = await startRemoteServer();
  const able = contenders.filter(({ role }) => role === "ours" || role === "peer");
  // Awaited here, because the server ends with this function.
  return await interleave(able, rounds, (contender) => straggleOnce(server, contender));
}

export async function straggleOnce(
  server: Pick<RemoteServer, "origin" | "tokenEndpoint" | "reset" | "counts">,
  contender: ClientContender,
): Promise<Values> {
  const { origin, tokenEndpoint } = server;
  await server.reset({ lifetime: 3600, tokenDelay: 30, rotate: false, accepts: [] });
  const send = await contender.connect({ origin, tokenEndpoint, held: freshToken(), inProcess: false });
  const results = await Promise.allSettled(Array.from({ length: callers }, (_, caller) => send(caller % 2 === 0 ? "/api" : "/late")));
  const { tokenRequests } = await server.counts();
  return { tokenRequests, failures: results.filter(({ status }) => status === "rejected").length };
}
