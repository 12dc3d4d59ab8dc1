import { createOAuthClient } from "@tokenflight/oauth";
import * as oauth from "@tokenflight/oauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import type { LibraryCommands, LibrarySetting } from "./library-commands.ts";
import { clientSecret, libraries, type ClientWay, type Refreshed } from "./libraries.ts";

const folder = temporaryFolder();
const callersEach = 2;
let server: AuthorizationServer;
let processes: TestProcess<LibraryCommands>[];

beforeAll(async () => {
  const ways: ClientWay[] = ["client_secret_basic", "client_secret_post", "none"];
  const clients = ways.map((way) => ({ clientId: way, clientSecret, metadata: { token_endpoint_auth_method: way } }));
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients });
  const { issuer, tokenEndpoint } = server;
  const setting: LibrarySetting = {
    store: { kind: "sqlite", path: folder.file("refreshes.db") },
    issuer,
    tokenEndpoint,
    folder: folder.path,
  };
  const start = (): Promise<TestProcess<LibraryCommands>> => startProcess("../refresh-once/library-process.ts", setting);
  processes = await Promise.all([start(), start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
  await server.close();
  folder[Symbol.dispose]();
});

/** The refresh token of a new login, for a client that authenticates in this way. */
async function logIn(way: ClientWay): Promise<string> {
  const { tokenEndpoint, client } = server;
  const clientAuth = { client_secret_basic: oauth.clientSecretBasic, client_secret_post: oauth.clientSecretPost, none: oauth.noClientAuth }[
    way
  ];
  const code = await server.login({ scope: "read write", client: { clientId: way, redirectUri: client.redirectUri } });
  const tokens = await createOAuthClient({ tokenEndpoint, clientId: way, clientAuth: clientAuth(clientSecret) }).exchangeCode(code);
  return tokens.refreshToken ?? "";
}

/** Every process refreshes with this refresh token, at the same time. */
async function all(name: string, refreshToken: string, isOnce: boolean): Promise<(Refreshed | string)[]> {
  return (await Promise.all(processes.map((process) => process.ask("refresh", name, refreshToken, isOnce, callersEach)))).flat();
}

const sent = (refreshToken: string): number => server.requests.filter(({ form }) => form.get("refresh_token") === refreshToken).length;

describe.each(libraries)("$name, four callers in two processes", ({ name, client, rotates = true }) => {
  it("refresh once, all of them, and the next generation as well; a late one is led to the newest", async () => {
    const first = await logIn(client);
    const { familiesRevoked } = server.stats;

    const answers = await all(name, first, true);
    expect(answers).toEqual(
      Array.from({ length: 4 }, () => ({ accessToken: expect.any(String) as string, refreshToken: expect.any(String) as string })),
    );
    expect(answers).toEqual(Array.from({ length: 4 }, () => answers[0]));
    const { accessToken, refreshToken: next = "" } = answers[0] as Refreshed;
    expect(server.isActive(accessToken)).toBe(true);
    // One that goes on with the first refresh token for ever is led to the newest answer, each time.
    expect(next === first).toBe(!rotates);

    const mixed = await Promise.all([all(name, next, true), all(name, first, true)]);
    const [{ accessToken: newest }] = mixed[0] as [Refreshed];
    for (const answer of mixed[0]) expect(answer).toEqual(mixed[0][0]);
    for (const answer of mixed[1]) expect([accessToken, newest]).toContain((answer as Refreshed).accessToken);
    for (const late of await all(name, first, true)) expect(late).toEqual(mixed[0][0]);

    expect([sent(first), sent(next)]).toEqual([1, 1]);
    expect(newest === accessToken).toBe(!rotates);
    expect(server.isActive(newest)).toBe(true);
    expect(server.stats.familiesRevoked).toBe(familiesRevoked);
  });

  it("lose the login without it", async () => {
    const first = await logIn(client);
    const answers = await all(name, first, false);
    expect(sent(first)).toBeGreaterThan(1);
    expect(answers.filter((answer) => typeof answer === "string").length).toBeGreaterThan(0);
    expect(server.stats.familiesRevoked).toBeGreaterThan(0);
  });
});
