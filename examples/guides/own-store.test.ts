import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { createTokenPool, type TokenPool } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startGuide } from "../../test/setup/guide-program.ts";
import { freePort } from "../../test/setup/free-port.ts";
import { postgresStore, table } from "./postgres-store.ts";

// PostgreSQL itself, compiled to WebAssembly, which clients reach by its own protocol. Another one may be named.
let url = process.env["TOKENFLIGHT_POSTGRES"] ?? "";
const open = new AsyncDisposableStack();

beforeAll(async () => {
  if (url !== "") return;
  const port = await freePort();
  const database = await PGlite.create();
  open.defer(() => database.close());
  const server = new PGLiteSocketServer({ db: database, port, host: "127.0.0.1", maxConnections: 20 });
  await server.start();
  open.defer(() => server.stop());
  url = `postgres://postgres@127.0.0.1:${port}/postgres`;
});
afterAll(() => open.disposeAsync());

it("keeps the store contract", async () => {
  const printed = await startGuide("postgres-store-contract", { DATABASE_URL: url }, { flags: ["--test", "--test-reporter=spec"] }).printed;
  expect(printed).toMatch(/^ℹ fail 0$/m);
  expect(printed).toMatch(/^ℹ pass 27$/m);
}, 60_000);

it("tells why it is away: what the driver throws is the cause", async () => {
  const pool = new Pool({ connectionString: `postgres://127.0.0.1:${await freePort()}/postgres` });
  const source = Object.assign(async () => ({ access_token: "T" }), { identity: "somebody" });
  await using users = createTokenPool({ source: () => source, store: postgresStore(pool) });
  const error = await users
    .for("alice")
    .reread()
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", cause: { code: "ECONNREFUSED" } });
  await pool.end();
});

it("shares a login between two programs: each refresh token is sent once, and a logout reaches both", async () => {
  await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
  await using ends = new AsyncDisposableStack();
  const program = (): TokenPool => {
    const pool = new Pool({ connectionString: url });
    ends.defer(() => pool.end());
    return ends.use(createTokenPool({ source: () => client.refreshToken(), store: postgresStore(pool) }));
  };
  const setUp = new Pool({ connectionString: url });
  await setUp.query(table);
  await setUp.end();
  const [one, other] = [program().for("alice"), program().for("alice")];
  const login = await one.save(await client.exchangeCode(await server.login({ scope: "openid offline_access" })));
  expect(await other.get()).toMatchObject({ accessToken: login.accessToken });
  const [first, second] = await Promise.all([one.renew(login), other.renew(login)]);
  expect(first.accessToken).toBe(second.accessToken);
  expect(first.accessToken).not.toBe(login.accessToken);
  expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { authorization_code: 1, refresh_token: 1 } });
  await one.forget();
  expect(await other.reread()).toBeUndefined();
});
