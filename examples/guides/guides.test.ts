import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createTokenPool, toTokenResponse } from "@tokenflight/core";
import { clientSecretBasic, clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import { beforeEach, expect, it } from "vitest";
import { startMcpServer } from "../../test/servers/mcp-server.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../../test/servers/resource-api.ts";
import { startTalkdeskServer } from "../../test/servers/talkdesk-server.ts";
import { Visitor, visitWithPlantedCookie } from "../../test/servers/visitor.ts";
import { guideFlags } from "../../test/setup/guide-place.ts";
import { startGuide, startNode, type GuideProgram } from "../../test/setup/guide-program.ts";
import { sendFor, take } from "./many-customers.ts";

const folder = new URL(".", import.meta.url).pathname;
const native = { application_type: "native" } as const;
const service = { clientId: "service", clientSecret: "s-e_c.r~e+t", redirectUri: "http://127.0.0.1/callback", metadata: native };
const tool = {
  clientId: "tool",
  clientSecret: "unused",
  redirectUri: "http://127.0.0.1/callback",
  metadata: { ...native, token_endpoint_auth_method: "none", client_secret: undefined },
} as const;
const web = { ...service, clientId: "web", metadata: { ...native, token_endpoint_auth_method: "client_secret_post" } } as const;

let server: AuthorizationServer;
let api: ResourceApi;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [service, tool, web] });
  api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  return async () => {
    await api.close();
    await server.close();
  };
});

/** Without a PATH there is no browser to be opened. */
const around = (): Record<string, string> => ({ ISSUER: server.issuer, API_ORIGIN: api.origin, PATH: "" });

function run(program: string, env: Record<string, string>, ...given: string[]): GuideProgram {
  return startGuide(program, { ...around(), ...env }, { given });
}

const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = service;
const tokenInUse = (): string => (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");

it("account access", async () => {
  expect(await run("account-access", { CLIENT_ID, CLIENT_SECRET }).printed).toBe("The API answered 200.\n");
  expect(server.stats.tokensIssued).toBe(1);
});

it("acting for a user: logs in, acts, sends a user whose login is over to a new one, and logs out", async () => {
  const { line, child, output } = run("acting-for-a-user", { CLIENT_ID, CLIENT_SECRET });
  const { origin } = new URL((await line("Open ")).replace("Open ", ""));
  const visitor = new Visitor(origin);
  const answered = "Your orders: the API answered 200.\n";

  expect(await visitor.next("/")).toBe("/login");
  const callback = await server.visit(await visitor.next("/login"));
  expect(await visitor.next(callback)).toBe("/");
  expect(await visitor.text("/")).toBe(answered);
  expect((await visitor.send(callback)).status).toBe(400);
  expect((await visitWithPlantedCookie(server, origin, "/")).headers.get("location")).toBe("/login");
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 2 });

  expect(await visitor.text("/")).toBe(answered);
  server.revokeFamilyOf(tokenInUse());
  expect(await visitor.next("/")).toBe("/login");
  expect(await visitor.logIn(server)).toBe("/");
  expect(await visitor.text("/")).toBe(answered);

  // A link does not log out.
  expect(await visitor.text("/logout")).toBe(answered);
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(server.isActive(tokenInUse())).toBe(false);
  expect(await visitor.next("/")).toBe("/login");

  // A logout is one also while the server is away.
  await visitor.logIn(server);
  await server.close();
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(await visitor.next("/")).toBe("/login");
  expect(output()).toContain("ERR_TOKEN_REQUEST_NOT_SENT");
  child.kill();
});

it("a command-line tool: logs in once, finds its tokens again, and logs out", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-cli-")), "tokens.db");
  const env = { CLIENT_ID: tool.clientId, TOKENS };
  const first = run("command-line-tool", env);
  const callback = await server.visit((await first.line("Log in at ")).replace("Log in at ", ""));
  expect(await (await fetch(callback)).text()).toContain("Logged in");
  expect(await first.printed).toContain("The API answered 200.\n");

  expect(await run("command-line-tool", env).printed).toBe("The API answered 200.\n");
  expect(server.stats.tokensIssued).toBe(1);

  const { authorization = "" } = api.requests.at(-1) ?? {};
  expect(server.isActive(authorization.replace("Bearer ", ""))).toBe(true);
  expect(await run("command-line-tool", env, "logout").printed).toBe("Logged out.\n");
  expect(server.isActive(authorization.replace("Bearer ", ""))).toBe(false);
  await run("command-line-tool", env).line("Log in at ");
}, 40_000);

it("a command-line tool: logs in anew when the server has ended the login, and not when the API refuses every token", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-cli-")), "tokens.db");
  const env = { CLIENT_ID: tool.clientId, TOKENS };
  const runWithLogin = async (): Promise<string> => {
    const { line, printed } = run("command-line-tool", env);
    await (await fetch(await server.visit((await line("Log in at ")).replace("Log in at ", "")))).text();
    return printed;
  };
  await runWithLogin();
  server.revokeFamilyOf(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
  expect(await runWithLogin()).toContain("The API answered 200.\n");

  api.refuseAll();
  const before = api.requests.length;
  expect(await run("command-line-tool", env).printed).toBe("The API answered 401.\n");
  expect(api.requests.length - before).toBeLessThanOrEqual(4);
}, 40_000);

it("a command-line tool: a user's no is a line and an exit code", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-cli-")), "tokens.db");
  const { line, child, printed } = run("command-line-tool", { CLIENT_ID: tool.clientId, TOKENS });
  const page = new URL((await line("Log in at ")).replace("Log in at ", ""));
  const callback = new URL(page.searchParams.get("redirect_uri") ?? "");
  const { searchParams: asked } = page;
  callback.search = String(new URLSearchParams({ error: "access_denied", state: asked.get("state") ?? "", iss: server.issuer }));
  await fetch(callback);

  const complaint = await printed.catch(({ message }: Error) => message);
  expect(complaint).toMatch(/^1: Log in at .+\nNot logged in\. .+\n$/);
  expect(complaint).not.toContain("    at ");
  expect(child.exitCode).toBe(1);
}, 40_000);

it("a command-line tool: a server that is away is a line and an exit code, and a logout forgets the tokens all the same", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-cli-")), "tokens.db");
  const env = { CLIENT_ID: tool.clientId, TOKENS };
  const first = run("command-line-tool", env);
  await (await fetch(await server.visit((await first.line("Log in at ")).replace("Log in at ", "")))).text();
  await first.printed;
  await server.close();

  for (const given of [["logout"], []]) {
    const { printed, child } = run("command-line-tool", env, ...given);
    const complaint = await printed.catch(({ message }: Error) => message);
    expect(complaint).toMatch(/^1: .+\.\n$/);
    expect(complaint).not.toContain("    at ");
    expect(child.exitCode).toBe(1);
  }
}, 40_000);

it("a command-line tool: two runs at once log their user in once", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-cli-")), "tokens.db");
  const env = { CLIENT_ID: tool.clientId, TOKENS };
  const first = run("command-line-tool", env);
  const page = (await first.line("Log in at ")).replace("Log in at ", "");
  const second = run("command-line-tool", env);
  await second.line("Log in in the browser that another run has opened.");
  await (await fetch(await server.visit(page))).text();
  expect(await first.printed).toContain("The API answered 200.\n");
  expect(await second.printed).toContain("The API answered 200.\n");
  expect(server.stats.tokensIssued).toBe(1);
}, 40_000);

it("an agent at MCP servers: logs in once for what it begins with, once for more, finds both again, and logs out", async () => {
  await using mcp = await startMcpServer();
  const { authorizationServer } = mcp;
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-mcp-")), "tokens.db");
  const env = { MCP_SERVER: mcp.url, TOKENS };
  const first = run("mcp", env);
  const logIn = async (page: string): Promise<void> => void (await (await fetch(await authorizationServer.visit(page))).text());
  const pageIn = (line: string): string => line.split(" at ")[1] ?? "";
  await logIn(pageIn(await first.line("Log in for ")));
  await first.line("read ");
  await expect
    .poll(
      () =>
        first
          .output()
          .split("\n")
          .filter((line) => line.startsWith("Log in for ")).length,
      { timeout: 10_000 },
    )
    .toBe(2);
  await logIn(
    pageIn(
      first
        .output()
        .split("\n")
        .findLast((line) => line.startsWith("Log in for ")) ?? "",
    ),
  );
  expect(await first.printed).toContain(`${mcp.url}: logged-in (read write`);
  expect(authorizationServer.visits.registrations).toBe(1);

  const again = await run("mcp", env).printed;
  expect(again).toContain('write [{"type":"text","text":"write done"}]');
  expect(again).not.toContain("Log in");
  expect(authorizationServer.stats.tokenRequests).toEqual({ authorization_code: 2 });
  expect(await run("mcp", env, "logout").printed).toBe("Logged out.\n");
  await run("mcp", env).line("Log in for ");
}, 60_000);

it("many customers", async () => {
  await using talkdesk = await startTalkdeskServer();
  const installed = Array.from({ length: 20 }, (_, index) => talkdesk.install(`account-${index}`));
  const id = installed[0]?.data.installation_id ?? "";
  const rotated = talkdesk.rotate(id);
  const foreign = { ...rotated, data: { installation_id: "nobody" } };
  const webhook = `
    import { sendFor, take } from "./many-customers.ts";
    const { installed, rotated, foreign, url } = JSON.parse(process.env.EVENTS);
    for (const event of installed) await take(event);
    for (const { data } of installed) console.log((await sendFor(data.installation_id)(url)).status);
    await take(rotated);
    await take(foreign).catch((error) => console.log(error.message));
  `;
  const EVENTS = JSON.stringify({ installed, rotated, foreign, url: `${talkdesk.origin}/contacts` });
  const printed = await startNode([...guideFlags(), "--input-type=module", "--eval", webhook], { ...around(), EVENTS }).printed;
  // There is nothing at this path; that it is told so by the API itself shows that the token went there.
  expect(printed).toBe(`${"404\n".repeat(20)}There is no installation nobody.\n`);
  expect(talkdesk.stats.tokensIssued).toBe(20);
});

it("many customers: an event that is delivered again changes nothing", async () => {
  await using talkdesk = await startTalkdeskServer({ accessTokenLifetime: 1 });
  const event = talkdesk.install("acme");
  const id = event.data.installation_id;
  const ask = async (): Promise<number> => (await sendFor(id)(`${talkdesk.origin}/contacts`)).status;
  await take(event);
  expect(await ask()).toBe(404);
  await take(talkdesk.rotate(id));
  await take(event);
  await take(talkdesk.rotate(id));
  await sleep(1100);
  expect(await ask()).toBe(404);
});

it("moving in: the second run does not spend the seed again, and a new seed is taken when the login is over (line 103)", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-seed-")), "tokens.db");
  const env = { CLIENT_ID, CLIENT_SECRET, TOKENS };
  const [first, second] = [await refreshTokenOfALogin(), await refreshTokenOfALogin()];
  const began = "Began with REFRESH_TOKEN.\nThe API answered 200.\n";
  const wentOn = "Went on with what is stored.\nThe API answered 200.\n";
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: first }).printed).toBe(began);
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: first }).printed).toBe(wentOn);
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: second }).printed).toBe(wentOn);
  expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { refresh_token: 1 } });

  server.revokeFamilyOf(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
  const over = "Went on with what is stored.\nThe API answered 401.\n";
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: first }).printed).toBe(over);
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: first }).printed).toBe(over);
  expect(await run("moving-in", { ...env, REFRESH_TOKEN: second }).printed).toBe(began);
  expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { refresh_token: 3 } });
}, 40_000);

async function refreshTokenOfALogin(): Promise<string> {
  const client = createOAuthClient({ issuer: server.issuer, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
  const { refreshToken = "" } = await client.exchangeCode(await server.login({ client: service, scope: "openid offline_access read" }));
  return refreshToken;
}

it("a service that stops: the refresh that is under way at SIGTERM is stored, and the next process goes on", async () => {
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-service-")), "tokens.db");
  const env = { CLIENT_ID, CLIENT_SECRET, TOKENS };
  await saveLogin(TOKENS, "alice");

  const first = run("a-service-that-stops", env);
  const { held, release } = holdAnswer();
  const port = (await first.line("Listening")).split(" ").at(-1);
  const answer = fetch(`http://127.0.0.1:${port}/?user=alice`).then((response) => response.text());
  await held;
  first.child.kill("SIGTERM");
  release();
  expect(await answer).toBe("The API answered 200.\n");
  expect(await first.printed).toContain("Listening");

  const next = run("a-service-that-stops", env);
  const nextPort = (await next.line("Listening")).split(" ").at(-1);
  expect(await (await fetch(`http://127.0.0.1:${nextPort}/?user=alice`)).text()).toBe("The API answered 200.\n");
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });
  next.child.kill();
});

/** Logs a user in and leaves an access token that is over. */
async function saveLogin(path: string, user: string): Promise<void> {
  const client = createOAuthClient({ issuer: server.issuer, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
  const login = await server.login({ client: service, scope: "openid offline_access read" });
  const response = toTokenResponse(await client.exchangeCode(login));
  await using store = sqliteStore({ path });
  const users = createTokenPool({ source: () => client.refreshToken(), store });
  await users.for(user).save({ ...response, expires_at: Date.now() / 1000 - 1 });
}

/** The next token request is carried out, and its answer waits. */
function holdAnswer(): { held: Promise<void>; release: () => void } {
  const [arrival, departure] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.faults.next(async (_request, carryOut) => {
    const answer = await carryOut();
    arrival.resolve();
    await departure.promise;
    return answer;
  });
  return { held: arrival.promise, release: departure.resolve };
}

it("refreshes of other code: two instances, tabs with one cookie, one request for each refresh token", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-guide-"));
  const { tokenEndpoint } = server;
  const { clientId, clientSecret } = web;
  const env = { TOKEN_ENDPOINT: tokenEndpoint, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, REFRESHES: join(folder, "refreshes.db") };
  const oauth = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretPost(clientSecret) });
  const { refreshToken = "" } = await oauth.exchangeCode(await server.login({ client: web }));
  const instances = [run("cookie-backend", env), run("cookie-backend", env)];
  const ports = await Promise.all(instances.map(async ({ line }) => (await line("Listening")).match(/\d+/)?.[0]));
  const tab = async (index: number, cookie: string): Promise<[status: number, cookie: string]> => {
    const response = await fetch(`http://127.0.0.1:${ports[index % 2]}`, {
      headers: { cookie: `theme=dark; refresh=${encodeURIComponent(cookie)}` },
    });
    const [, next = ""] = /refresh=([^;]+)/.exec(response.headers.get("set-cookie") ?? "") ?? [];
    return [response.status, decodeURIComponent(next)];
  };
  const first = await Promise.all([0, 1, 2, 3, 4].map((index) => tab(index, refreshToken)));
  const [[, next]] = first as [[number, string]];
  expect(first).toEqual(Array.from({ length: 5 }, () => [200, next]));
  const second = await Promise.all([0, 1, 2, 3].map((index) => tab(index, index < 2 ? next : refreshToken)));
  expect(second.map(([status]) => status)).toEqual([200, 200, 200, 200]);
  const sent = server.requests.map(({ form }) => form.get("refresh_token")).filter((one) => one !== null);
  expect(sent).toEqual([refreshToken, next]);
  expect((await tab(0, "invented"))[0]).toBe(400);
  for (const { child } of instances) child.kill("SIGTERM");
  await Promise.all(instances.map(({ printed }) => printed));
});

const programs = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /(?<!\.test)\.tsx?$/.test(name));

/** Programs with decorators are compiled before they run. */
const compiled = new Set(["nestjs.ts"]);

it("the oldest Node that runs TypeScript as it is can read every program", () => {
  const read = `
    import { readFileSync } from "node:fs";
    import { stripTypeScriptTypes } from "node:module";
    import { SourceTextModule } from "node:vm";
    for (const path of process.argv.slice(1)) {
      try {
        new SourceTextModule(stripTypeScriptTypes(readFileSync(path, "utf8")));
      } catch (error) {
        console.log(path, String(error));
      }
    }`;
  const node = fileURLToPath(new URL("../../node_modules/node22/bin/node", import.meta.url));
  const paths = programs.filter((name) => name.endsWith(".ts") && !compiled.has(name)).map((name) => join(folder, name));
  const { stdout, status } = spawnSync(node, ["--experimental-vm-modules", "--input-type=module", "--eval", read, ...paths], {
    encoding: "utf8",
  });
  expect([stdout, status]).toEqual(["", 0]);
});

// The authorization server of these tests gives a refresh token to each login. Most others do not.
it("every login of a guide asks for a refresh token", () => {
  const scopes = programs.flatMap((name) => readFileSync(join(folder, name), "utf8").match(/scope: "openid[^"]*"/g) ?? []);
  expect(scopes.length).toBeGreaterThan(5);
  expect(scopes.filter((scope) => !scope.includes(" offline_access"))).toEqual([]);
});

const pages = new URL("../../docs/guides/", import.meta.url);
const guides = readdirSync(pages).map((name) => readFileSync(new URL(name, pages), "utf8"));

it.each(programs)("one guide shows %s as it is", (name) => {
  const block = `\`\`\`${extname(name).slice(1)}\n// examples/guides/${name}\n${readFileSync(join(folder, name), "utf8")}\`\`\`\n`;
  expect(guides.filter((guide) => guide.includes(block))).toHaveLength(1);
});
