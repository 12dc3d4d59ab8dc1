import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expiredToken, freshToken } from "../contenders/held-token.ts";
import type { ProcessContender } from "../contenders/processes/process-contender.ts";
import { processContenders } from "../contenders/processes/sharing.ts";
import { interleave } from "../measure/interleave.ts";
import type { Sample, Values } from "../measure/sample.ts";
import { runCrowd } from "../run/crowd.ts";
import { startRemoteServer, type RemoteServer } from "../server/remote-server.ts";
import type { Effort, Scenario } from "./scenario.ts";

export const processes: Scenario = {
  name: "processes",
  title: "Processes that share a login",
  about:
    "8 processes send 200 requests each in the same moment, with one login whose access token is over. The token endpoint rotates refresh tokens, and ends the login " +
    "when one is used twice. The floor is the same crowd with a token that is good.",
  rounds: 3,
  processes: 1,
  columns: [
    { title: "token requests", measure: "tokenRequests", show: "count", digits: 0 },
    { title: "logins revoked", measure: "revoked", show: "count", digits: 0 },
    { title: "failures", measure: "failures", show: "count", digits: 0 },
    { title: "wall, ms", measure: "wall", show: "value", digits: 0 },
    { title: "wall × static", measure: "wall", show: "ratio", digits: 2 },
  ],
  targets: [
    { what: "8 processes × 200: token requests", measure: "tokenRequests", compare: "value", decides: "largest", most: 1 },
    { what: "8 processes × 200: logins revoked", measure: "revoked", compare: "value", decides: "largest", most: 0 },
    { what: "8 processes × 200: failures", measure: "failures", compare: "value", decides: "largest", most: 0 },
  ],
  packages: ["@badgateway/oauth2-client"],
  parts: () => [{ table: "", group: "fetch", run }],
};

async function run({ rounds }: Effort): Promise<Sample[]> {
  await using server = await startRemoteServer();
  // Awaited here, because the server ends with this function.
  return await interleave(await processContenders(), rounds, (contender) => shareOnce(server, contender, 8, 200));
}

/** Milliseconds for the whole crowd, and the counts of the server. */
export async function shareOnce(
  server: Pick<RemoteServer, "origin" | "tokenEndpoint" | "reset" | "counts">,
  contender: ProcessContender,
  members: number,
  requests: number,
): Promise<Values> {
  const { origin, tokenEndpoint } = server;
  const good = freshToken("good");
  await server.reset({ lifetime: 3600, tokenDelay: 30, rotate: true, accepts: [good.accessToken] });
  const folder = await mkdtemp(join(tmpdir(), "tokenflight-bench-"));
  try {
    const setting = { origin, tokenEndpoint, held: contender.role === "floor" ? good : expiredToken("bad"), folder };
    await contender.prepare?.(setting);
    const { failures, wall } = await runCrowd({ contender: contender.name, setting, requests }, members);
    const { tokenRequests, familiesRevoked: revoked } = await server.counts();
    return { tokenRequests, revoked, failures, wall };
  } finally {
    await rm(folder, { recursive: true });
  }
}
