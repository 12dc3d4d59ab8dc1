import { createTokenCache, TokenSet } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { expect, type TestContext } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import type { Answer } from "../servers/answer.ts";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import type { CallerCommands, CallerSetting } from "./caller-commands.ts";
import { checkHistory } from "./check-history.ts";
import { History } from "./history.ts";
import type { StoreSetting } from "./member-setting.ts";
import { openStore } from "./open-store.ts";
import { startProcess } from "./start-process.ts";

const callers = ["axios", "got", "ky", "fetch", "undici", "axios with fetch", "got", "fetch"];
const generations = 20;
const requestsEach = 10;
/** Seconds. */
const lifetime = 1;
/**
 * Milliseconds for which the API takes a token after its end, as resource servers do for clocks that differ. A process that is kept waiting
 * by a busy machine may send a token that was good when it took it; the history shows that it was.
 */
const leeway = 15_000;

/** Eight processes call an API with one login, whose access tokens live for one second, through at least twenty of them. */
export async function shareOneLogin({ task }: TestContext, name: string, store: StoreSetting): Promise<void> {
  using folder = temporaryFolder();
  await using server = await startAuthorizationServer({ accessTokenLifetime: lifetime });
  const takenUntil = new Map<string, number>();
  const isActive = (accessToken: string): boolean => performance.now() < (takenUntil.get(accessToken) ?? 0);
  await using api = await startResourceApi({ isActive, record: false });
  await using opened = await openStore(store);
  const history = new History(folder.file("history.jsonl"));
  server.faults.always(async ({ form }, carryOut) => {
    const refreshToken = form.get("refresh_token");
    if (refreshToken !== null) history.note({ by: "server", did: "received", refreshToken });
    const answer = await carryOut();
    if (answer.status !== 200) return answer;
    // Before the answer leaves, so that nobody can be seen with a token which is not yet known.
    const accessToken = accessTokenIn(answer);
    takenUntil.set(accessToken, performance.now() + lifetime * 1000 + leeway);
    if (refreshToken !== null) history.note({ by: "server", did: "issued", token: fingerprintOf(accessToken) });
    return answer;
  });

  const { tokenEndpoint } = server;
  const { clientId, clientSecret } = server.client;
  const oauth = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const key = "user";
  const timeouts = { store: 10 };
  const processes = await Promise.all(
    callers.map((client, index) => {
      const common = { store, tokenEndpoint, clientId, clientSecret, timeouts, key, api: api.origin };
      const setting: CallerSetting = { ...common, name: `${index} ${client}`, client, history: folder.file("history.jsonl") };
      return startProcess<CallerCommands>("caller.ts", setting);
    }),
  );
  try {
    const { fingerprint } = await createTokenCache({ source: oauth.refreshToken(), store: opened, key, timeouts }).save(
      await oauth.exchangeCode(await server.login()),
    );
    const results = await Promise.all(processes.map((caller) => caller.ask("call", generations, requestsEach)));
    const { waits, handedOut, ...counts } = checkHistory(history.read(), fingerprint);
    const total = (of: (result: (typeof results)[number]) => number): number => results.reduce((sum, result) => sum + of(result), 0);
    const requests = total((result) => result.requests);

    noteRow(task, {
      group: "Many processes, one login",
      fault: `${callers.length} processes, access tokens of 1 s, strict rotation: ${name}`,
      expected: "one token request for each generation, no request fails, no token family is revoked",
      counts: {
        processes: callers.length,
        requests,
        generations: counts.generations,
        "token requests": counts.tokenRequests,
        "most for one generation": counts.mostRequests,
        "families revoked": server.stats.familiesRevoked,
        "failed requests": total((result) => result.failures.length),
        "401s seen by callers": total((result) => result.refusals),
        "median wait of the other processes for a stored token, ms": Math.round(waits[Math.floor(waits.length / 2)] ?? 0),
      },
    });
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(requests).toBe(callers.length * generations * requestsEach);
    expect(counts).toMatchObject({ mostRequests: 1, tokenRequests: counts.generations, backwards: 0, unknown: 0, handedOutLate: 0 });
    expect(counts.generations).toBeGreaterThanOrEqual(generations);
    expect(server.stats).toMatchObject({ familiesRevoked: 0, refreshTokenReuses: 0, refreshes: counts.generations });
    expect(handedOut).toBeGreaterThanOrEqual(requests);
    // Without any, nobody would have waited for another process, and nothing would have been shown.
    expect(waits.length).toBeGreaterThan(0);
  } finally {
    await Promise.all(processes.map((caller) => caller[Symbol.asyncDispose]()));
  }
}

function accessTokenIn({ body }: Answer): string {
  if (typeof body !== "string") throw new TypeError("The server's answer is text.");
  return (JSON.parse(body) as { access_token: string }).access_token;
}

function fingerprintOf(accessToken: string): string {
  return new TokenSet({ accessToken, tokenType: "Bearer", issuedAt: 0 }).fingerprint;
}
