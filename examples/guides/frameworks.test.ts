import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HttpModule, HttpService } from "@nestjs/axios";
import { NestFactory } from "@nestjs/core";
import { createTokenPool, toTokenResponse } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import axios from "axios";
import { beforeEach, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../../test/servers/resource-api.ts";
import { heldAnswer } from "../../test/servers/token-endpoint-faults.ts";
import { Visitor, visitWithPlantedCookie } from "../../test/servers/visitor.ts";
import { freePort } from "../../test/setup/free-port.ts";
import { startGuide, type GuideProgram } from "../../test/setup/guide-program.ts";

const CLIENT_ID = "service";
const CLIENT_SECRET = "s-e_c.r~e+t";

let server: AuthorizationServer;
let api: ResourceApi;

beforeEach(async () => {
  const redirectUri = "http://127.0.0.1/callback";
  const service = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri, metadata: { application_type: "native" } } as const;
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [service] });
  api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  return async () => {
    await api.close();
    await server.close();
  };
});

const newFolder = (): string => mkdtempSync(join(tmpdir(), "tokenflight-framework-"));
const environment = (): Record<string, string> => ({ ISSUER: server.issuer, API_ORIGIN: api.origin, CLIENT_ID, CLIENT_SECRET });
const tokenInUse = (): string => (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");

it("Express: logs users in, acts for each, sends those whose login is over to a new one, and logs out", async () => {
  const PORT = String(await freePort());
  const TOKENS = join(newFolder(), "tokens.db");
  const env = { ...environment(), PORT, TOKENS, SESSION_SECRET: "a secret of the test's" };
  const first = startGuide("express", env);
  const origin = (await first.line("Open ")).replace("Open ", "");
  const visitor = new Visitor(origin);

  expect(await visitor.next("/orders")).toBe("/login");
  expect((await visitor.send("/callback?code=planted&state=planted")).status).toBe(400);
  const callback = await server.visit(await visitor.next("/login"));
  expect((await new Visitor(origin).send(callback)).status).toBe(400);
  expect(await visitor.next(callback)).toBe("/orders");
  expect((await visitor.send(callback)).status).toBe(400);
  expect((await visitWithPlantedCookie(server, origin, "/orders")).headers.get("location")).toBe("/login");
  const answered = "The API answered 200 for user.\n";
  expect(await visitor.text("/orders")).toBe(answered);

  // Its access token is revoked: three requests, one refresh.
  expect(server.revokeAccessToken(tokenInUse())).toBe(true);
  expect(await Promise.all([1, 2, 3].map(() => visitor.text("/orders")))).toEqual([answered, answered, answered]);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 2, refresh_token: 1 });

  expect(server.revokeFamilyOf(tokenInUse())).toBe(true);
  expect(await visitor.next("/orders")).toBe("/login");
  expect(await visitor.logIn(server)).toBe("/orders");
  expect(await visitor.text("/orders")).toBe(answered);

  const another = new Visitor(origin);
  await another.logIn(server);
  expect(await another.text("/orders")).toBe(answered);
  // A link does not log out.
  expect((await visitor.send("/logout")).status).toBe(404);
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(server.isActive(tokenInUse())).toBe(false);
  expect(await visitor.next("/orders")).toBe("/login");
  expect(await another.next("/orders")).toBe("/login");

  await another.logIn(server);
  expect(await another.text("/orders")).toBe(answered);
  await stopInTheMiddle(first, origin, another.headers);
  expect(await first.printed).toContain("Open ");
  const next = startGuide("express", env);
  await next.line("Open ");
  // Its session was in the memory of the first process, its tokens were not. The login brings others, and nothing was sent twice.
  expect(await another.next("/orders")).toBe("/login");
  expect(server.stats.refreshTokenReuses).toBe(0);

  // A login serves once, also one that the user has refused.
  const page = new URL(await another.next("/login"));
  const state = page.searchParams.get("state") ?? "";
  const refused = `/callback?${new URLSearchParams({ error: "access_denied", state, iss: server.issuer })}`;
  const agreed = await server.visit(page.href);
  expect((await another.send(refused)).status).toBe(400);
  expect((await another.send(agreed)).status).toBe(400);
  await another.logIn(server);
  // What an operator has to mend is not for users alone.
  const wrong = startGuide("express", { ...env, CLIENT_SECRET: "wrong", PORT: String(await freePort()) });
  const misled = new Visitor((await wrong.line("Open ")).replace("Open ", ""));
  expect(await (await misled.send(await server.visit(await misled.next("/login")))).text()).toBe(
    "Later, please (ERR_TOKEN_REQUEST_REFUSED).\n",
  );
  expect(wrong.output()).toContain("invalid_client");
  // A logout is one also while the server is away.
  await server.close();
  expect(await another.text("/logout", "POST")).toBe("Logged out.\n");
  expect(await another.next("/orders")).toBe("/login");
  expect(next.output()).toContain("ERR_TOKEN_REQUEST_NOT_SENT");
}, 60_000);

/** Ends a program by SIGTERM while it refreshes for a caller who has left, so that only its own end can wait for the answer. */
async function stopInTheMiddle({ child }: GuideProgram, url: string, headers: Record<string, string> = {}): Promise<void> {
  server.revokeAccessToken(tokenInUse());
  const { fault, arrived, leave } = heldAnswer();
  server.faults.next(fault);
  const caller = new AbortController();
  const answer = fetch(url, { headers, signal: caller.signal });
  await arrived;
  caller.abort();
  await expect(answer).rejects.toThrow("aborted");
  child.kill("SIGTERM");
  const isListening = (): Promise<boolean> =>
    fetch(new URL("/nowhere", url), { headers: { connection: "close" } }).then(
      () => true,
      () => false,
    );
  await expect.poll(isListening, { timeout: 10_000 }).toBe(false);
  await sleep(200);
  leave();
}

/** Compiles a program strictly, decorators and all, as its user's build does. Gives what its process needs to run that. */
function compiled(program: string): { flags: string[]; env: Record<string, string> } {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const outDir = newFolder();
  const options = ["--noEmit", "false", "--allowImportingTsExtensions", "false", "--outDir", outDir];
  const project = join(root, `examples/guides/${program}.tsconfig.json`);
  const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["--project", project, ...options], { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
  const flags = ["--import", new URL("../../test/setup/decorators.ts", import.meta.url).href];
  return { flags, env: { PROGRAM: program, COMPILED: join(outDir, `${program}.js`) } };
}

/** Logs a user in and leaves an access token that is over. */
async function saveLogin(path: string, user: string): Promise<void> {
  const client = createOAuthClient({ issuer: server.issuer, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
  const response = toTokenResponse(await client.exchangeCode(await server.login({ scope: "openid offline_access read" })));
  await using store = sqliteStore({ path });
  const users = createTokenPool({ source: () => client.refreshToken(), store });
  await users.for(user).save({ ...response, expires_at: Date.now() / 1000 - 1 });
}

it("NestJS: HttpService sends the token of the user, a login that is needed is a 401, and what is under way at SIGTERM is stored", async () => {
  const TOKENS = join(newFolder(), "tokens.db");
  await saveLogin(TOKENS, "alice");
  const { flags, env: ofProgram } = compiled("nestjs");
  const SESSIONS = JSON.stringify({ "session-of-alice": "alice", "session-of-nobody": "nobody" });
  const env = { ...environment(), ...ofProgram, TOKENS, SESSIONS, PORT: String(await freePort()) };
  const first = startGuide("nestjs", env, { flags });
  const as = (session: string): Record<string, string> => ({ cookie: `theme=dark; session=${session}`, connection: "close" });
  const orders = (user: string): Promise<Response> => fetch(`http://127.0.0.1:${env.PORT}/orders`, { headers: as(`session-of-${user}`) });
  // Nest loads many modules, on a machine that may be busy.
  const listens = (one: GuideProgram): Promise<void> => expect.poll(one.output, { timeout: 30_000 }).toContain("Listening on");
  await listens(first);

  const answers = await Promise.all([1, 2, 3].map(async () => (await orders("alice")).json()));
  expect(answers).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ method: "GET", url: "/orders" })));
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });
  const nobody = await orders("nobody");
  expect([nobody.status, await nobody.json()]).toEqual([401, { statusCode: 401, message: "ERR_LOGIN_REQUIRED" }]);
  const stranger = await orders("somebody-else");
  expect([stranger.status, await stranger.json()]).toEqual([401, { statusCode: 401, message: "Unauthorized" }]);
  await first.line("[Tokenflight] tokenflight token-obtained key=alice");

  await stopInTheMiddle(first, `http://127.0.0.1:${env.PORT}/orders`, as("session-of-alice"));
  // Nest ends the process by the signal, when its hooks are done.
  await expect(first.printed).rejects.toThrow("null: ");

  const next = startGuide("nestjs", env, { flags });
  await listens(next);
  expect((await orders("alice")).status).toBe(200);
  expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { refresh_token: 2 } });
}, 90_000);

it("NestJS: HttpModule alone gives axios's global instance, and one of its own where it is registered", async () => {
  const instances = [HttpModule, HttpModule.register({}), HttpModule.register({})].map(async (imported) => {
    const context = await NestFactory.createApplicationContext(imported, { logger: false });
    return context.get(HttpService, { strict: false }).axiosRef;
  });
  const [alone, first, second] = await Promise.all(instances);
  expect(alone).toBe(axios);
  expect(new Set([alone, first, second]).size).toBe(3);
});
