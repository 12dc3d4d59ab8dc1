import { setTimeout as sleep } from "node:timers/promises";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import type { StormOptions } from "./arguments.ts";
import { clientNames } from "./clients.ts";
import { crowdHere, crowdOfProcesses } from "./crowd.ts";
import { makeStorePlace, openStore } from "./shared-store.ts";
import { isCalm, summary, type StormResult } from "./result.ts";
import { oauthClient, sharedTokens, type ClientAccess, type Obtained } from "./tokens.ts";

export interface Progress {
  elapsed: number;
  requests: number;
  failures: number;
  refreshes: number;
}

/** Runs the storm. Reports progress four times a second. Throws BadArguments when the machine lacks what the store needs. */
export async function runStorm(options: StormOptions, report: (progress: Progress) => void): Promise<StormResult> {
  const { seconds, callers, ttl, processes, store } = options;
  await using place = await makeStorePlace(store);
  await using server = await startAuthorizationServer({ accessTokenLifetime: ttl });
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken), record: false });

  const obtained: Obtained[] = [];
  const onObtained = (one: Obtained): void => void obtained.push(one);
  const { clientId, clientSecret } = server.client;
  const access: ClientAccess = { tokenEndpoint: server.tokenEndpoint, clientId, clientSecret };
  const shared = openStore(place);
  const tokens = sharedTokens(access, shared, onObtained);
  await tokens.save(await oauthClient(access).exchangeCode(await server.login()));

  const order = { origin: api.origin, seconds };
  await using crowd =
    processes === 1
      ? crowdHere(tokens, { ...order, callers, group: 0 })
      : await crowdOfProcesses(
          sharesOf(callers, processes).map((share, group) => ({
            ...order,
            callers: share,
            group,
            access,
            place: { store, location: place.location },
          })),
          onObtained,
        );

  const began = performance.now();
  const refreshes = (): number => server.stats.tokenRequests["refresh_token"] ?? 0;
  const progress = (): void => report({ elapsed: (performance.now() - began) / 1000, ...crowd.soFar(), refreshes: refreshes() });
  let revocations = 0;
  const revoke = async (): Promise<void> => {
    const { accessToken } = await tokens.get();
    if (server.revokeAccessToken(accessToken)) revocations += 1;
  };
  const ticker = setInterval(progress, 250);
  const halftime = sleep((seconds * 1000) / 2).then(revoke);
  const tallies = await crowd.run();
  await halftime;
  clearInterval(ticker);
  progress();
  // A refresh ahead may still be under way: its request has been counted, its result has not.
  for (let waits = 0; waits < 100 && obtained.length < refreshes(); waits += 1) await sleep(20);
  await shared.close();

  const { tokensIssued, refreshTokenReuses } = server.stats;
  const clients = Object.fromEntries(clientNames.map((name) => [name, summary(tallies[name], api.counts(name).refused)]));
  const result: Omit<StormResult, "calm"> = {
    clients: clients as StormResult["clients"],
    tokensIssued,
    refreshes: refreshes(),
    refreshesAhead: obtained.filter(({ urgency }) => urgency === "ahead").length,
    expiries: obtained.filter(({ reason }) => reason === "expiring" || reason === "expired").length,
    revocations,
    refreshTokensReused: refreshTokenReuses,
    seconds,
    callers,
    ttl,
    processes,
    store,
  };
  return { ...result, calm: isCalm(result, obtained.length) };
}

/** Callers shared out among processes, as evenly as they can be. */
function sharesOf(callers: number, processes: number): number[] {
  return Array.from({ length: processes }, (_, index) => Math.floor((callers + index) / processes));
}
