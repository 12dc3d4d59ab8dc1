import { clientSecretBasic, createLogin, createOAuthClient } from "@tokenflight/oauth";
import { expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import type { ApiCallerCommands, ApiCallerSetting } from "./api-caller-commands.ts";
import type { StoreSetting } from "./member-setting.ts";
import { openStore } from "./open-store.ts";
import { startProcess } from "./start-process.ts";

const resources = ["https://orders.example/", "https://invoices.example/", "https://mail.example/"];
const processCount = 4;
/** Seconds that access tokens live. */
const lifetime = 2;
/** Milliseconds. */
const duration = repetitions({ ordinary: 8000, full: 60_000 });
/** Milliseconds for which an access token is used at least: a refresh ahead begins in the last quarter of its life. */
const shortestUse = lifetime * 1000 * 0.75;

it(
  "four processes share one login for three APIs, each with access tokens of its own (field line 107)",
  { timeout: 120_000 },
  async ({ task }) => {
    using folder = temporaryFolder();
    await using server = await startAuthorizationServer({ accessTokenLifetime: lifetime, resources });
    const foreign: string[] = [];
    const apis = await Promise.all(
      resources.map((resource) =>
        startResourceApi({
          isActive(accessToken) {
            const audience = server.audienceOf(accessToken);
            if (audience !== undefined && audience !== resource) foreign.push(`${audience} at ${resource}`);
            return audience === resource;
          },
          record: false,
        }),
      ),
    );
    await using servers = new AsyncDisposableStack();
    for (const api of apis) servers.use(api);
    const askedAt = new Map<string, number[]>();
    server.faults.always(async ({ form }, carryOut) => {
      const resource = form.get("resource") ?? "";
      if (form.get("grant_type") === "refresh_token") askedAt.set(resource, [...(askedAt.get(resource) ?? []), performance.now()]);
      return carryOut();
    });

    const { tokenEndpoint } = server;
    const { clientId, clientSecret } = server.client;
    const store: StoreSetting = { kind: "sqlite", path: folder.file("tokens.db") };
    const key = "user";
    const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
    await using opened = await openStore(store);
    await using login = createLogin({ client, store: opened, key });
    await login.save(await client.exchangeCode(await server.login({ resources })));

    const setting: ApiCallerSetting = {
      store,
      tokenEndpoint,
      clientId,
      clientSecret,
      key,
      apis: apis.map(({ origin }, index) => ({ resource: resources[index] ?? "", origin })),
    };
    const processes = await Promise.all(
      Array.from({ length: processCount }, () => startProcess<ApiCallerCommands>("api-caller.ts", setting)),
    );
    for (const process of processes) servers.use(process);
    const statuses = await Promise.all(processes.map((process) => process.ask("call", duration)));

    const gaps = [...askedAt.values()].flatMap((times) => times.slice(1).map((time, index) => time - (times[index] ?? 0)));
    const counts = {
      seconds: duration / 1000,
      requests: apis.reduce((sum, { total }) => sum + total.requests, 0),
      "token requests": [...askedAt.values()].flat().length,
      "refused refresh tokens": server.stats.refreshTokenReuses,
      "token requests before they were due": gaps.filter((gap) => gap < shortestUse - 100).length,
      "tokens at another API": foreign.length,
      "failed requests": statuses
        .flatMap((each) => Object.entries(each))
        .reduce((sum, [status, count]) => sum + (status === "200" ? 0 : count), 0),
    };
    noteRow(task, {
      group: "Many processes, one login",
      fault: `${processCount} processes, three APIs, access tokens of ${lifetime} s for each, strict rotation: SQLite`,
      expected: "one token request for each API and expiry, no refresh token is refused, no API sees another's token",
      counts,
    });
    expect(foreign).toEqual([]);
    expect(counts).toMatchObject({ "refused refresh tokens": 0, "token requests before they were due": 0, "failed requests": 0 });
    expect([...askedAt.keys()].toSorted()).toEqual(resources.toSorted());
    expect(Math.min(...Array.from(askedAt.values(), ({ length }) => length))).toBeGreaterThanOrEqual(
      Math.floor(duration / 1000 / lifetime),
    );
    expect(server.stats).toMatchObject({ familiesRevoked: 0 });
  },
);
