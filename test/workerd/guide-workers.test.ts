import { describe, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { CookieJar } from "../servers/cookie-jar.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { visitWithPlantedCookie } from "../servers/visitor.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { workerBundle } from "./bundle.ts";
import { reasonNotToRun } from "./program.ts";
import { startWorker, type TestWorker } from "./start-worker.ts";

const reason = reasonNotToRun();
const secret = "s-e_c.r~e+t";

/** A worker of the guides, with what it needs. */
async function start(name: string, server: AuthorizationServer, api: ResourceApi, disk?: string): Promise<TestWorker> {
  const { clientId, clientSecret } = server.client;
  const texts = { ISSUER: server.issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_ORIGIN: api.origin };
  const code = await workerBundle(new URL(`../../examples/guides/${name}.ts`, import.meta.url));
  return startWorker(undefined, { code, texts, ...(disk !== undefined && { disk, objects: { LOGINS: "Login" } }) });
}

describe.skipIf(reason !== undefined).concurrent("the workers of the guide about serverless platforms", () => {
  it("twenty requests of an isolate send one token request", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
    await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    await using worker = await start("worker", server, api);
    server.faults.next(lateAnswer(200));
    const ask = async (): Promise<string> => (await fetch(worker.origin)).text();
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(answers)).toEqual(new Set(["The API answered 200.\n"]));
    expect(await ask()).toBe("The API answered 200.\n");
    expect(server.stats.tokensIssued).toBe(1);
  });

  it("a Durable Object holds the login of a session, also over a restart, and renews it once for all requests", async () => {
    const client = {
      clientId: "web",
      clientSecret: secret,
      redirectUri: "http://127.0.0.1/callback",
      metadata: { application_type: "native" },
    } as const;
    await using server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [client] });
    await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    using folder = temporaryFolder();
    let worker = await start("worker-logins", server, api, folder.path);
    const cookies = new CookieJar();
    const open = async (url: string): Promise<Response> => {
      const response = await fetch(new URL(url, worker.origin), { redirect: "manual", headers: { cookie: cookies.header } });
      cookies.take(response);
      return response;
    };
    const next = async (url: string): Promise<string> => (await open(url)).headers.get("location") ?? "";

    expect(await next("/")).toBe("/login");
    const callback = await server.visit(await next("/login"));
    expect(await next(callback)).toBe("/");
    expect(await (await open("/")).text()).toBe("The API answered 200.\n");
    // The same callback again is none of this login.
    expect((await open(callback)).status).toBe(400);
    expect(await (await open("/")).text()).toBe("The API answered 200.\n");
    expect((await visitWithPlantedCookie(server, worker.origin, "/")).headers.get("location")).toBe("/login");

    await worker[Symbol.asyncDispose]();
    worker = await start("worker-logins", server, api, folder.path);
    await using _ = worker;
    expect(await (await open("/")).text()).toBe("The API answered 200.\n");
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 2 });

    server.revokeAccessToken(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
    const answers = await Promise.all(Array.from({ length: 5 }, async () => (await open("/")).text()));
    expect(new Set(answers)).toEqual(new Set(["The API answered 200.\n"]));
    expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { authorization_code: 2, refresh_token: 1 } });

    const somebodyElse = await fetch(worker.origin, { redirect: "manual" });
    expect(somebodyElse.headers.get("location")).toBe("/login");

    // A new login ends the session before it.
    const before = { cookie: cookies.header };
    expect(await next(await server.visit(await next("/login")))).toBe("/");
    expect((await fetch(worker.origin, { redirect: "manual", headers: before })).headers.get("location")).toBe("/login");
    expect(await (await open("/")).text()).toBe("The API answered 200.\n");

    server.revokeFamilyOf(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "");
    expect(await next("/")).toBe("/login");
    expect(await next(await server.visit(await next("/login")))).toBe("/");
    expect(await (await open("/")).text()).toBe("The API answered 200.\n");
    // A link does not log out.
    expect((await open("/logout")).status).toBe(405);
    const logout = await fetch(new URL("/logout", worker.origin), { method: "POST", headers: { cookie: cookies.header } });
    expect(await logout.text()).toBe("Logged out.\n");
    expect(server.isActive(api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "")).toBe(false);
    expect(await next("/")).toBe("/login");
  });
});
