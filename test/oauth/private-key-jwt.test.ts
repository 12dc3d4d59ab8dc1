import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, privateKeyJwt, type SigningAlgorithm } from "@tokenflight/oauth";
import { expect, it } from "vitest";
import { clients } from "../clients/clients.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";

interface Registered {
  readonly server: AuthorizationServer;
  readonly key: string;
}

async function register(alg: SigningAlgorithm, pair: { privateKey: KeyObject; publicKey: KeyObject }): Promise<Registered> {
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: "key-1", use: "sig", alg };
  const metadata = { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: alg, jwks: { keys: [jwk] } } as const;
  const server = await startAuthorizationServer({ clients: [{ clientId: "signer", clientSecret: "unused", metadata }] });
  return { server, key: pair.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64") };
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

it.each([
  ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ["RS256", rsa],
  ["PS256", rsa],
  ["EdDSA", generateKeyPairSync("ed25519")],
] as const)("oidc-provider takes a client's assertion signed with %s", async (alg, pair) => {
  const { server, key } = await register(alg, pair);
  await using _ = server;
  const clientAuth = privateKeyJwt({ key, keyId: "key-1", alg });
  const source = createOAuthClient({ issuer: server.issuer, clientId: "signer", clientAuth }).clientCredentials({ scope: "read" });

  const tokenSet = await createTokenCache({ source }).get();

  expect(server.isActive(tokenSet.accessToken)).toBe(true);
});

it.each(clients)("$name acts with tokens that a client with ES256 gets, refreshes and revokes", async ({ connect }) => {
  const { server, key } = await register("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }));
  await using _ = server;
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  const clientAuth = privateKeyJwt({ key, keyId: "key-1", alg: "ES256" });
  const client = createOAuthClient({ issuer: server.issuer, clientId: "signer", clientAuth });
  const { redirectUri } = server.client;
  const { url, pending } = await client.authorizationUrl({ redirectUri, scope: "openid read", parameters: { prompt: "consent" } });
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save(await client.exchangeCallback(await server.visit(url), pending));
  const send = connect(tokens, api.origin);

  server.revokeAccessToken((await tokens.get()).accessToken);
  expect((await send({ method: "POST", body: "order" })).status).toBe(200);
  const { refreshToken = "" } = await tokens.get();
  await tokens.forget({ revoke: true });

  expect(await client.introspect(refreshToken)).toMatchObject({ active: false });
  const assertions = server.requests.map(({ form }) => form.get("client_assertion"));
  expect(new Set(assertions).size).toBe(2);
  expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 0 });
});

it("each attempt has an assertion that was never used: oidc-provider refuses one that comes twice", async () => {
  const { server, key } = await register("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }));
  await using _ = server;
  for (const audience of ["issuer", "token-endpoint"] as const) {
    const clientAuth = privateKeyJwt({ key, keyId: "key-1", alg: "ES256", audience });
    const client = createOAuthClient({ issuer: server.issuer, clientId: "signer", clientAuth });
    const { code, codeVerifier, redirectUri } = await server.login();
    const tokens = createTokenCache({ source: client.refreshToken() });
    await tokens.save(await client.exchangeCode({ code, codeVerifier, redirectUri }));
    for (let turn = 0; turn < 3; turn += 1) await tokens.renew(await tokens.get());
  }
  expect(server.stats).toMatchObject({ refreshes: 6, refreshTokenReuses: 0 });
});
