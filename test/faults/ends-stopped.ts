import { setTimeout as sleep } from "node:timers/promises";
import type { StoreSetting } from "../processes/member-setting.ts";
import { startProgram } from "../processes/start-program.ts";
import type { End, ServiceSetting } from "../processes/service-setting.ts";
import type { TokenFault } from "../servers/token-endpoint-faults.ts";
import type { EdgeSetting } from "./edge-setting.ts";

/** Where a background refresh is when SIGTERM comes. */
export const phases = [
  "before-intent",
  "intent-written",
  "the server has the request",
  "the server has used up the refresh token",
  "before-result",
] as const;

export interface EndedRun {
  readonly kept: boolean;
  /** Milliseconds that the next start needed for a new token. */
  readonly took: number;
  /** Whether the process ended by itself, without an error. */
  readonly endedWell: boolean;
}

/** Milliseconds for which the server is slow once SIGTERM has come. */
const slowness = 200;

/** Starts a service, and sends it SIGTERM when its refresh is there. */
export async function stopInPhase(
  setting: EdgeSetting,
  store: StoreSetting,
  { phase, end }: { phase: (typeof phases)[number]; end: End },
): Promise<EndedRun> {
  const { key } = await setting.logIn(store);
  const arrived = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const wait = async (): Promise<void> => {
    arrived.resolve();
    await stopped.promise;
    await sleep(slowness);
  };
  const slowServer: TokenFault = async (_request, carryOut) => {
    if (phase === "the server has the request") await wait();
    const answer = await carryOut();
    if (phase === "the server has used up the refresh token") await wait();
    return answer;
  };
  const isAtServer = phase.startsWith("the server");
  if (isAtServer) setting.onTokenRequest(key, slowServer);
  const slowAt = phase === "before-intent" || phase === "intent-written" || phase === "before-result" ? { slowAt: phase } : {};
  const given: ServiceSetting = { ...setting.memberOf(store), keys: [key], end, ...slowAt };

  await using service = startProgram("service.ts", given);
  await Promise.race([isAtServer ? arrived.promise : service.said("slow"), service.ended]);
  service.signal("SIGTERM");
  stopped.resolve();
  const { code } = await service.ended;
  const { kept, took } = await setting.nextStart(store, key);
  return { kept, took, endedWell: code === 0 };
}
