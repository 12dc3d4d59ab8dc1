/** What docs/guides/account-access.md says of a service that calls two APIs. */
import { createTokenCache, memoryStore } from "@tokenflight/core";
import { clientSecretBasic, createLogin, createOAuthClient, type OAuthClient } from "@tokenflight/oauth";
import { beforeEach, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";

const [orders, invoices] = ["https://orders.example.com/", "https://invoices.example.com/"] as const;

let server: AuthorizationServer;
let client: OAuthClient;

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenLifetime: 600, resources: [orders, invoices] });
  const { clientId, clientSecret } = server.client;
  client = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
  return () => server.close();
});

it("one cache for each, over one store and one key: each has access tokens for its own API", async () => {
  const [store, key] = [memoryStore(), "service"];
  const cacheFor = (resource: string) => createTokenCache({ source: client.clientCredentials({ resource }), store, key });

  const tokenSets = await Promise.all([orders, invoices, orders].map((resource) => cacheFor(resource).get()));

  const audiences = await Promise.all(tokenSets.map(async ({ accessToken }) => (await client.introspect(accessToken))["aud"]));
  expect(audiences).toEqual([orders, invoices, orders]);
  expect(tokenSets[2]?.accessToken).toBe(tokenSets[0]?.accessToken);
  expect(server.stats.tokensIssued).toBe(2);
});

it("a resource without its slash is another one", async () => {
  const tokens = createTokenCache({ source: client.clientCredentials({ resource: "https://orders.example.com" }) });

  await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", error: "invalid_target" });
});

it("createLogin without a login ends in the error that somebody has to log in", async () => {
  const login = createLogin({ client, store: memoryStore(), key: "service" });

  await expect(login.for({ resource: orders }).get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
});
