import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { CookieJar } from "../../test/servers/cookie-jar.ts";
import { startResourceApi, type ResourceApi } from "../../test/servers/resource-api.ts";
import { freePort, startGuide } from "../../test/setup/start-guide.ts";

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

const environment = (): Record<string, string> => ({ ISSUER: server.issuer, API_ORIGIN: api.origin, CLIENT_ID, CLIENT_SECRET });
const tokenInUse = (): string => (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");

/** A browser at a web application: follows no redirect by itself. */
class Visitor {
  readonly #cookies = new CookieJar();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async send(path: string, method = "GET"): Promise<Response> {
    const response = await fetch(new URL(path, this.#origin), { method, redirect: "manual", headers: { cookie: this.#cookies.header } });
    this.#cookies.take(response);
    return response;
  }

  async text(path: string, method?: string): Promise<string> {
    return (await this.send(path, method)).text();
  }

  async next(path: string): Promise<string> {
    return (await this.send(path)).headers.get("location") ?? "";
  }

  /** Goes through the login: gives the path where the application leads afterwards. */
  async logIn(): Promise<string> {
    return this.next(await server.visit(await this.next("/login")));
  }
}

it("Express: logs users in, acts for each, sends those whose login is over to a new one, and logs out", async () => {
  const PORT = await freePort();
  const TOKENS = join(mkdtempSync(join(tmpdir(), "tokenflight-express-")), "tokens.db");
  const env = { ...environment(), PORT, TOKENS, SESSION_SECRET: "a secret of the test's" };
  const first = startGuide("express.ts", env);
  const origin = (await first.line("Open ")).replace("Open ", "");
  const visitor = new Visitor(origin);

  expect(await visitor.next("/orders")).toBe("/login");
  expect((await visitor.send("/callback?code=planted&state=planted")).status).toBe(400);
  const callback = await server.visit(await visitor.next("/login"));
  expect((await new Visitor(origin).send(callback)).status).toBe(400);
  expect(await visitor.next(callback)).toBe("/orders");
  expect((await visitor.send(callback)).status).toBe(400);
  const answered = "The API answered 200 for user.\n";
  expect(await visitor.text("/orders")).toBe(answered);

  // Its access token is revoked: three requests, one refresh.
  expect(server.revokeAccessToken(tokenInUse())).toBe(true);
  expect(await Promise.all([1, 2, 3].map(() => visitor.text("/orders")))).toEqual([answered, answered, answered]);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });

  expect(server.revokeFamilyOf(tokenInUse())).toBe(true);
  expect(await visitor.next("/orders")).toBe("/login");
  expect(await visitor.logIn()).toBe("/orders");
  expect(await visitor.text("/orders")).toBe(answered);

  const another = new Visitor(origin);
  await another.logIn();
  expect(await another.text("/orders")).toBe(answered);
  // A link does not log out.
  expect((await visitor.send("/logout")).status).toBe(404);
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(server.isActive(tokenInUse())).toBe(false);
  expect(await visitor.next("/orders")).toBe("/login");
  expect(await another.next("/orders")).toBe("/login");

  first.child.kill("SIGTERM");
  expect(await first.printed).toContain("Open ");
}, 30_000);
