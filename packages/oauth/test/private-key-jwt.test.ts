import { generateKeyPairSync, randomUUID, verify, type JsonWebKey as NodeJwk, type KeyObject } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "@tokenflight/core";
import { createOAuthClient, privateKeyJwt, type PrivateKeyJwtOptions, type SigningAlgorithm } from "@tokenflight/oauth";
import { call, failureOf } from "./call.ts";
import { always, startOddServer, type Received } from "./odd-server.ts";

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pairs: Record<SigningAlgorithm, KeyPair> = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  EdDSA: generateKeyPairSync("ed25519"),
};

const forms: Record<string, (key: KeyObject, algorithm: SigningAlgorithm) => PrivateKeyJwtOptions["key"] | Promise<CryptoKey>> = {
  PEM: (key) => key.export({ format: "pem", type: "pkcs8" }) as string,
  "PEM with written line breaks": (key) => (key.export({ format: "pem", type: "pkcs8" }) as string).replaceAll("\n", "\\n"),
  "bare Base64": (key) => key.export({ format: "der", type: "pkcs8" }).toString("base64"),
  "bare Base64url": (key) => key.export({ format: "der", type: "pkcs8" }).toString("base64url"),
  JWK: (key, alg) => ({ ...key.export({ format: "jwk" }), alg, use: "sig", key_ops: ["verify"] }) as JsonWebKey,
  CryptoKey: (key, algorithm) => {
    const hash = `SHA-${algorithm.slice(2)}`;
    const named = {
      E: { name: "ECDSA", namedCurve: { ES256: "P-256", ES384: "P-384" }[algorithm as string] ?? "P-521" },
      R: { name: "RSASSA-PKCS1-v1_5", hash },
      P: { name: "RSA-PSS", hash },
    }[algorithm[0] as "E" | "R" | "P"];
    return key.toCryptoKey(algorithm === "EdDSA" ? "Ed25519" : named, false, ["sign"]) as CryptoKey;
  },
};

interface Assertion {
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
  readonly signed: string;
  readonly signature: Buffer;
}

function assertionOf({ form }: Received): Assertion {
  const [header = "", payload = "", signature = ""] = (form.get("client_assertion") ?? "").split(".");
  const read = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: read(header), payload: read(payload), signed: `${header}.${payload}`, signature: Buffer.from(signature, "base64url") };
}

function isSigned({ signed, signature }: Assertion, algorithm: SigningAlgorithm, key: KeyObject): boolean {
  const options = {
    key,
    dsaEncoding: "ieee-p1363" as const,
    ...(algorithm.startsWith("PS") ? { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 } : {}),
  };
  return verify(algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`, Buffer.from(signed), options, signature);
}

async function send(options: PrivateKeyJwtOptions, times = 1): Promise<readonly Received[]> {
  const server = await startOddServer(always(200, { access_token: "a" }));
  const source = createOAuthClient({
    tokenEndpoint: server.tokenEndpoint,
    clientId: "app-1",
    clientAuth: privateKeyJwt(options),
  }).clientCredentials();
  for (let time = 0; time < times; time += 1) await call(source);
  return server.received;
}

describe.each(Object.keys(forms))("a key as %s", (form) => {
  it.each(Object.keys(pairs) as SigningAlgorithm[])("signs with %s", async (alg) => {
    const { privateKey, publicKey } = pairs[alg];
    const key = (await forms[form]?.(privateKey, alg)) as PrivateKeyJwtOptions["key"];
    const [received] = await send({ key, keyId: "key-1", alg });
    const assertion = assertionOf(received as Received);
    expect(assertion.header).toEqual({ alg, kid: "key-1" });
    expect(isSigned(assertion, alg, publicKey)).toBe(true);
  });
});

const key = pairs.ES256.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

it("claims what RFC 7523 section 3 asks for, and nothing else", async () => {
  const before = Math.floor(Date.now() / 1000);
  const [received] = await send({ key, alg: "ES256" });
  const { header, payload } = assertionOf(received as Received);
  expect(header).toEqual({ alg: "ES256" });
  const iat = Number(payload["iat"]);
  expect(iat - before).toBeGreaterThanOrEqual(0);
  expect(iat - before).toBeLessThanOrEqual(2);
  expect(payload).toEqual({
    iss: "app-1",
    sub: "app-1",
    aud: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/token$/),
    jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    iat,
    exp: iat + 300,
  });
  expect(Object.fromEntries((received as Received).form)).toMatchObject({
    client_id: "app-1",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  });
  expect(received?.headers.authorization).toBeUndefined();
});

it("makes a new assertion for each attempt", async () => {
  const received = await send({ key, alg: "ES256" }, 3);
  expect(new Set(received.map((one) => assertionOf(one).payload["jti"])).size).toBe(3);
});

it.each([
  [undefined, (origin: string) => origin],
  ["issuer" as const, (origin: string) => origin],
  ["token-endpoint" as const, (origin: string) => `${origin}/token`],
])("names as audience %s of a discovered server", async (audience, expected) => {
  const server = await startOddServer((response, request, received) => {
    const origin = `http://${request.headers.host}`;
    const body = received.path === "/token" ? { access_token: "a" } : { issuer: origin, token_endpoint: `${origin}/token` };
    always(200, body)(response, request, received);
  });
  const clientAuth = privateKeyJwt({ key, alg: "ES256", audience });
  await call(createOAuthClient({ issuer: server.origin, clientId: "id", clientAuth }).clientCredentials());
  expect(assertionOf(server.received.at(-1) as Received).payload["aud"]).toBe(expected(server.origin));
});

it("takes key id and algorithm from a JWK", async () => {
  const jwk = { ...pairs.EdDSA.privateKey.export({ format: "jwk" }), kid: "k", alg: "EdDSA" } as NodeJwk;
  const [received] = await send({ key: jwk as JsonWebKey });
  expect(assertionOf(received as Received).header).toEqual({ alg: "EdDSA", kid: "k" });
});

const es256 = pairs.ES256.privateKey;
const wrong: [string, object, RegExp][] = [
  ["no key", { alg: "ES256" }, /privateKeyJwt\.key: expected a PEM, Base64, JWK or CryptoKey, got nothing/],
  ["no algorithm", { key }, /privateKeyJwt\.alg: expected an algorithm/],
  ["an algorithm that is none", { key, alg: "none" }, /privateKeyJwt\.alg/],
  ["a symmetric algorithm", { key, alg: "HS256" }, /privateKeyJwt\.alg/],
  ["text that is no Base64", { key: "canary!!", alg: "ES256" }, /got text that is neither/],
  ["Base64 of something else", { key: btoa("canary"), alg: "ES256" }, /got something else in Base64/],
  ["SEC 1", { key: es256.export({ format: "pem", type: "sec1" }), alg: "ES256" }, /got a PEM of "EC PRIVATE KEY"/],
  ["a public key", { key: pairs.ES256.publicKey.export({ format: "pem", type: "spki" }), alg: "ES256" }, /got a PEM of "PUBLIC KEY"/],
  ["another curve", { key: es256.export({ format: "pem", type: "pkcs8" }), alg: "ES384" }, /got a key of another kind/],
  ["another kind of key", { key, alg: "RS256" }, /got a key of another kind/],
  ["a public JWK", { key: pairs.ES256.publicKey.export({ format: "jwk" }), alg: "ES256" }, /got one without its private part/],
  ["a JWK of another curve", { key: es256.export({ format: "jwk" }), alg: "ES512" }, /got one of another kind/],
  ["another audience", { key, alg: "ES256", audience: "https://a.example" }, /"issuer" or "token-endpoint"/],
  ["an empty key id", { key, alg: "ES256", keyId: "" }, /privateKeyJwt\.keyId/],
  ["an unknown option", { key, alg: "ES256", kid: "k" }, /unknown option/],
];

it.each(wrong)("refuses %s", (_, options, message) => {
  const make = (): unknown => privateKeyJwt(options as PrivateKeyJwtOptions);
  expect(make).toThrow(InvalidOptionError);
  expect(make).toThrow(message);
  expect(make).not.toThrow(/canary/);
});

it("refuses a CryptoKey that may not sign, or signs otherwise", async () => {
  const other = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, false, ["sign", "verify"])) as CryptoKeyPair;
  expect(() => privateKeyJwt({ key: other.publicKey, alg: "ES384" })).toThrow(/a private CryptoKey that may sign, got a public one/);
  expect(() => privateKeyJwt({ key: other.privateKey, alg: "ES256" })).toThrow(/a CryptoKey for ES256, got one for ECDSA/);
});

it("a key that only looks like one fails before anything is sent, and is not shown", async () => {
  const server = await startOddServer(always(200, { access_token: "a" }));
  const broken = Buffer.from(key, "base64").subarray(0, 60).toString("base64");
  const clientAuth = privateKeyJwt({ key: broken, alg: "ES256" });
  const error = await failureOf(
    call(createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth }).clientCredentials()),
  );
  expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_NOT_SENT", cause: { code: "ERR_INVALID_OPTION", option: "privateKeyJwt.key" } });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(broken.slice(20, 40));
  expect(server.received).toEqual([]);
});

it("a server that repeats the assertion puts it into no error", async () => {
  const server = await startOddServer((response, _request, { form }) => {
    response.writeHead(401).end(JSON.stringify({ error: "invalid_client", error_description: `bad ${form.get("client_assertion")}` }));
  });
  const clientAuth = privateKeyJwt({ key, alg: "ES256", keyId: randomUUID() });
  const error = await failureOf(
    call(createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth }).clientCredentials()),
  );
  expect(error["errorDescription"]).toBe("bad ***");
});
