import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { OAuth2Client } from "google-auth-library";
import { beforeEach, describe, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../../test/servers/resource-api.ts";
import { startGuide } from "../../test/setup/guide-program.ts";

const client = { clientId: "crm", clientSecret: "hush", redirectUri: "https://crm.example/callback" };
const paths = ["/orders", "/customers", "/invoices"];

interface StoredLogin {
  readonly access_token: string;
  readonly refresh_token: string;
}

let server: AuthorizationServer;
let api: ResourceApi;
let folder: string;
let login: string;

beforeEach(async () => {
  const metadata = { token_endpoint_auth_method: "client_secret_post" } as const;
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [{ ...client, metadata }] });
  api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  folder = mkdtempSync(join(tmpdir(), "tokenflight-moving-in-"));
  login = join(folder, "login.json");
  return async () => {
    await api.close();
    await server.close();
  };
});

async function run(program: string, ...given: string[]): Promise<string> {
  const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = client;
  const names = { ISSUER: server.issuer, TOKEN_ENDPOINT: server.tokenEndpoint, API_ORIGIN: api.origin, CLIENT_ID, CLIENT_SECRET };
  return startGuide(program, { ...names, LOGIN: login, TOKENS: join(folder, "tokens.db") }, { given }).printed;
}

/** Logs a user in, and writes what was stored of it when its access token was over, by the clock and for the API. */
async function storeLogin(): Promise<StoredLogin> {
  const { clientId, clientSecret } = client;
  const oauth = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretPost(clientSecret) });
  const { accessToken, refreshToken = "" } = await oauth.exchangeCode(await server.login({ client }));
  const stored = { access_token: accessToken, refresh_token: refreshToken };
  write(stored);
  return stored;
}

function write(stored: StoredLogin): void {
  server.revokeAccessToken(stored.access_token);
  const over = Date.now() - 1000;
  writeFileSync(login, JSON.stringify({ ...stored, expires_at: new Date(over).toISOString(), expiry_date: over }));
}

const read = (): StoredLogin => JSON.parse(readFileSync(login, "utf8"));

/** `answers` are the good ones of three requests at once; `refreshes` are the token requests that they cause, where `isRefused` after the API has refused all three. */
describe.each([
  { before: "before-interceptor", after: "after-axios", answers: 0, lost: 1, refreshes: 3, isRefused: true },
  { before: "before-axios-auth-refresh", after: "after-axios", answers: 1, lost: 0, refreshes: 1, isRefused: true },
  { before: "before-simple-oauth2", after: "after-fetch", answers: 0, lost: 1, refreshes: 3, isRefused: false },
  { before: "before-google-auth-library", after: "after-gaxios", answers: 3, lost: 0, refreshes: 1, isRefused: false },
])("moving in: $before", ({ before, after, answers, lost, refreshes, isRefused }) => {
  it("takes over what is stored, and sends nothing twice", { timeout: 60_000 }, async () => {
    await storeLogin();
    expect(await run(before, "/orders")).toBe("200\n");
    write(read());
    expect(await run(after, ...paths)).toBe("200 200 200\n");
    expect(await run(after, ...paths)).toBe("200 200 200\n");
    expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { authorization_code: 1, refresh_token: 2 } });
  });

  it(`before: of three requests at once ${answers} succeed, and ${lost} login is lost`, async () => {
    await storeLogin();
    // Nobody is answered before all have asked.
    const hold = isRefused ? api.hold() : undefined;
    const all = Promise.withResolvers<void>();
    let asked = 0;
    server.faults.always(async (_request, carryOut) => {
      const answer = await carryOut();
      asked += 1;
      if (asked === refreshes) all.resolve();
      await all.promise;
      return answer;
    });
    const ended = run(before, ...paths);
    await hold?.arrived(3);
    hold?.release();
    const printed = await ended;
    expect([printed.match(/200/g)?.length ?? 0, asked, server.stats.familiesRevoked]).toEqual([answers, refreshes, lost]);
  });
});

it("google-auth-library puts the refresh token back that a rotating server has replaced", async () => {
  const { refresh_token } = await storeLogin();
  const { clientId, clientSecret } = client;
  const old = new OAuth2Client({ clientId, clientSecret, endpoints: { oauth2TokenUrl: server.tokenEndpoint } });
  old.setCredentials({ refresh_token });
  await old.refreshAccessToken();
  expect(old.credentials.refresh_token).toBe(refresh_token);
  await expect(old.refreshAccessToken()).rejects.toThrow("invalid_grant");
  expect(server.stats).toMatchObject({ refreshTokenReuses: 1, familiesRevoked: 1 });
});
