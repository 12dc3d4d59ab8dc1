import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientContender } from "./contenders/clients/client-contender.ts";
import { axiosTokenflight } from "./contenders/clients/axios-tokenflight.ts";
import { limitConnections } from "./contenders/clients/connections.ts";
import { fetchStatic } from "./contenders/clients/fetch-static.ts";
import { fetchTokenflight } from "./contenders/clients/fetch-tokenflight.ts";
import { gotTokenflight } from "./contenders/clients/got-tokenflight.ts";
import { kyTokenflight } from "./contenders/clients/ky-tokenflight.ts";
import { undiciTokenflight } from "./contenders/clients/undici-tokenflight.ts";
import { processesTokenflight } from "./contenders/processes/processes-tokenflight.ts";
import { requestRefresh } from "./contenders/request-refresh.ts";
import { steadyLoad } from "./measure/steady-load.ts";
import { shareOnce } from "./scenarios/processes.ts";
import { stormOnce } from "./scenarios/storm.ts";
import { straggleOnce } from "./scenarios/stragglers.ts";
import { startRemoteServer, type RemoteServer } from "./server/remote-server.ts";

/** What the benchmarks count must hold in every test run; what they time is never asserted. */
const ours: readonly [string, ClientContender][] = [
  ["axios", axiosTokenflight],
  ["got", gotTokenflight],
  ["ky", kyTokenflight],
  ["fetch", fetchTokenflight],
  ["undici", undiciTokenflight],
];

let server: RemoteServer;

beforeAll(async () => {
  limitConnections();
  server = await startRemoteServer();
});

afterAll(() => server[Symbol.asyncDispose]());

describe.each(ours)("%s", (_client, contender) => {
  it("1,000 callers with an expired token: one token request, no refusal, no failure", async () => {
    const counts = await stormOnce(server, contender, 1000, "expired");
    expect(counts).toMatchObject({ tokenRequests: 1, refused: 0, failures: 0 });
  });

  it("1,000 callers whose token the server refuses: one token request, no failure, nothing refused twice", async () => {
    const counts = await stormOnce(server, contender, 1000, "refused");
    expect(counts).toMatchObject({ tokenRequests: 1, failures: 0 });
    expect(counts["refused"]).toBeLessThanOrEqual(1000);
  });

  it("refusals that come after the refresh: one token request, no failure", async () => {
    expect(await straggleOnce(server, contender)).toEqual({ tokenRequests: 1, failures: 0 });
  });
});

it.each(["expired", "refused"] as const)("10,000 callers, token %s: one token request, no failure", async (trouble) => {
  const counts = await stormOnce(server, undiciTokenflight, 10_000, trouble);
  expect(counts).toMatchObject({ tokenRequests: 1, failures: 0 });
});

it("tokens of 2 seconds under a steady load: one token request for each of them, no failure", async () => {
  await server.reset({ lifetime: 2, tokenDelay: 30, rotate: true, accepts: [] });
  const { origin, tokenEndpoint } = server;
  const began = performance.now();
  const held = await requestRefresh(tokenEndpoint, "steady");
  const send = await fetchTokenflight.connect({ origin, tokenEndpoint, held, inProcess: false });
  const [latencies = []] = await steadyLoad([() => send("/api")], 50, 4);

  expect(latencies.filter(({ failed }) => failed)).toEqual([]);
  const { tokenRequests, familiesRevoked } = await server.counts();
  expect(familiesRevoked).toBe(0);
  expect(tokenRequests).toBeGreaterThanOrEqual(2);
  // A token of 2 seconds is refreshed when a quarter of its life is left, and not before.
  expect(tokenRequests).toBeLessThanOrEqual(1 + (performance.now() - began) / 1500);
});

it("8 processes with 200 requests each share one login: one token request, no login revoked, no failure", async () => {
  expect(await shareOnce(server, processesTokenflight, 8, 200)).toMatchObject({ tokenRequests: 1, revoked: 0, failures: 0 });
}, 60_000);

it("the floor's token is taken, so that it is a floor", async () => {
  expect(await stormOnce(server, fetchStatic, 50, "refused")).toMatchObject({ tokenRequests: 0, refused: 0, failures: 0 });
});
