/** The two programs at the top of README.md, as they stand there, against a server that rotates refresh tokens. */
import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import axios, { type AxiosInstance } from "axios";
import { expect, it } from "vitest";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";

const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const callers = 20;
/** axios does not form-encode what it sends as Basic authentication: this secret needs no encoding. */
const plainClient = { clientId: "app", clientSecret: "secret" };

type Names = Readonly<Record<string, unknown>>;

/** Runs the block that begins with this comment. What it takes from the program around it has to be named; the value of `gives` is given back. */
function run(name: string, names: Names, gives: string): unknown {
  const [, text] = new RegExp(`^\`\`\`js\n// ${name}\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page) ?? [];
  if (text === undefined) throw new Error(`The README has no program "${name}" any more.`);
  const program = compileFunction(`${text}\nreturn ${gives};`, Object.keys(names));
  return Reflect.apply(program, undefined, Object.values(names));
}

/** A user who is logged in, and whose access token the server takes no longer. */
async function session(): Promise<
  AsyncDisposable & {
    readonly names: Names & { readonly api: AxiosInstance };
    readonly login: Names;
    readonly familiesRevoked: () => number;
    readonly refreshes: () => number;
  }
> {
  const server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [plainClient] });
  const resource = await startResourceApi({ isActive: (token) => server.isActive(token) });
  const { clientId, clientSecret } = server.client;
  const ours = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const { accessToken, refreshToken } = await ours.exchangeCode(await server.login());
  server.revokeAccessToken(accessToken);
  return {
    names: {
      api: axios.create({ baseURL: resource.origin }),
      ISSUER: server.issuer,
      TOKEN_ENDPOINT: server.tokenEndpoint,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
    },
    login: { access_token: accessToken, refresh_token: refreshToken, expires_in: 600 },
    familiesRevoked: () => server.stats.familiesRevoked,
    refreshes: () => server.stats.tokenRequests["refresh_token"] ?? 0,
    async [Symbol.asyncDispose]() {
      await resource.close();
      await server.close();
    },
  };
}

/** How 20 requests at once end: each status, or 0 for an error that is none of the API's. */
async function statuses(api: AxiosInstance): Promise<number[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, async () => api.get("/orders")));
  return outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.status : 0));
}

it("the page says how many requests are sent at once", () => {
  expect(page).toContain(`with ${callers} requests at once`);
});

it("before: requests that are refused at once send one refresh token twice, and the login is revoked", async () => {
  await using user = await session();
  run("before", { ...user.names, axios, login: user.login }, "undefined");

  const ends = await statuses(user.names.api);

  expect(user.refreshes()).toBeGreaterThan(1);
  expect(user.familiesRevoked()).toBe(1);
  expect(ends.filter((status) => status !== 200).length).toBeGreaterThan(0);
  expect(new Set(await statuses(user.names.api))).toEqual(new Set([0]));
});

it("after: one refresh, every request is answered, and the login stays", async () => {
  await using user = await session();
  const ours = { attachBearer, clientSecretBasic, createOAuthClient, createTokenCache };
  const tokens = run("after", { ...user.names, ...ours }, "tokens") as TokenCache;
  await tokens.save(user.login as unknown as Parameters<TokenCache["save"]>[0]);

  expect(new Set(await statuses(user.names.api))).toEqual(new Set([200]));
  expect(user.refreshes()).toBe(1);
  expect(user.familiesRevoked()).toBe(0);
  expect(new Set(await statuses(user.names.api))).toEqual(new Set([200]));
});
