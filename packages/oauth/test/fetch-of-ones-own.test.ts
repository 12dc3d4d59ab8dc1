import { Readable } from "node:stream";
import crossFetch from "cross-fetch";
import nodeFetch from "node-fetch";
import { fetch as undiciFetch } from "undici";
import { describe, expect, it } from "vitest";
import { clientSecretPost, createOAuthClient, discoverMetadata, requestJson, type FetchFunction } from "@tokenflight/oauth";
import { clientAnsweredBy } from "./answered-client.ts";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { startOddServer, type OddServer } from "./odd-server.ts";

const packages: [string, unknown][] = [
  ["node-fetch 3", nodeFetch],
  ["cross-fetch", crossFetch],
  ["undici's fetch", undiciFetch],
  ["the platform's fetch", (...given: Parameters<typeof fetch>) => fetch(...given)],
];

/** An authorization server with every endpoint that oauth asks. */
function startServer(): Promise<OddServer> {
  return startOddServer((response, { headers }, { path }) => {
    const origin = `http://${headers.host}`;
    const metadata = {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      revocation_endpoint: `${origin}/revoke`,
      introspection_endpoint: `${origin}/introspect`,
      device_authorization_endpoint: `${origin}/device`,
      pushed_authorization_request_endpoint: `${origin}/par`,
      authorization_endpoint: `${origin}/authorize`,
    };
    const answers: Record<string, object> = {
      "/token": { access_token: "a2", refresh_token: "r2", token_type: "Bearer", expires_in: 60 },
      "/introspect": { active: true },
      "/device": { device_code: "d", user_code: "u", verification_uri: `${origin}/activate`, expires_in: 60, interval: 0.01 },
      "/par": { request_uri: "urn:example:1", expires_in: 60 },
      "/register": { client_id: "c" },
    };
    if (path === "/token-refused") {
      response.writeHead(429, { "retry-after": "7" });
      response.end();
      return;
    }
    const isMetadata = path?.startsWith("/.well-known/") === true;
    response.writeHead(path === "/par" || path === "/register" ? 201 : 200, { "content-type": "application/json" });
    response.end(path === "/revoke" ? "" : JSON.stringify(isMetadata ? metadata : answers[path ?? ""]));
  });
}

describe.each(packages)("createOAuthClient({ fetch }) with %s", (name, given) => {
  const fetch = given as FetchFunction;

  it("asks every endpoint", async () => {
    const server = await startServer();
    const options = { clientId: "id", clientAuth: clientSecretPost("secret"), fetch };
    const client = createOAuthClient({ ...options, issuer: server.origin });
    expect(await call(client.refreshToken(), { previous: tokenSetWith("r1") })).toMatchObject({
      accessToken: "a2",
      refreshToken: "r2",
    });
    expect(await client.introspect("a2")).toMatchObject({ active: true });
    await client.revoke(tokenSetWith("r2"));
    const loggedIn = await client.deviceLogin({ show: () => {} });
    expect(loggedIn.accessToken).toBe("a2");
    const pushed = await createOAuthClient({ ...options, issuer: server.origin, pushAuthorizationRequests: true }).authorizationUrl({
      redirectUri: "http://127.0.0.1/callback",
    });
    expect(String(pushed.url)).toContain("request_uri=urn");
    expect((await discoverMetadata(server.origin, { fetch })).metadata).toMatchObject({ token_endpoint: `${server.origin}/token` });
    expect(await requestJson({ fetch, url: `${server.origin}/register`, title: "registration", timeout: 2000, body: {} })).toMatchObject({
      status: 201,
      fields: { client_id: "c" },
    });
  });

  it("reads the header fields, and at most 256 KB", async () => {
    const server = await startServer();
    const busy = createOAuthClient({
      tokenEndpoint: `${server.origin}/token-refused`,
      clientId: "id",
      clientAuth: clientSecretPost("s"),
      fetch,
    });
    expect(await failureOf(call(busy.clientCredentials()))).toMatchObject({ outcome: "throttled", retryAfter: 7000 });
    const endless = await startOddServer((response) => {
      const chunk = Buffer.alloc(65_536, " ");
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", write);
      response.writeHead(200);
      write();
    });
    const client = createOAuthClient({ tokenEndpoint: endless.tokenEndpoint, clientId: "id", clientAuth: clientSecretPost("s"), fetch });
    expect((await failureOf(call(client.clientCredentials()))).message).toContain("the body is longer than 256 KB");
    // A stream of node-fetch 2, which is what cross-fetch has, does not close its connection. The deadline of a request does.
    if (name !== "cross-fetch") await endless.closed(0);
  });

  it("ends in time when the body does not, and lets go of the connection", async () => {
    const server = await startOddServer((response) => void response.writeHead(200).write("{"));
    const options = { tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth: clientSecretPost("s"), fetch, timeout: 0.3 };
    const failure = await failureOf(call(createOAuthClient(options).clientCredentials()));
    expect(failure.message).toContain("did not end in time");
    await server.closed(0);
  });
});

const answer = JSON.stringify({ access_token: "a", token_type: "Bearer", expires_in: 60 });
const text = async (): Promise<string> => answer;

it.each<[string, object]>([
  ["text() alone", { text }],
  ["json() alone", { json: async () => JSON.parse(answer) as unknown }],
  ["arrayBuffer() alone", { arrayBuffer: async () => new TextEncoder().encode(answer).buffer }],
  ["body: null and text()", { body: null, text }],
  ["a Node stream", { body: Readable.from([Buffer.from(answer)]), text }],
  ["a Node stream alone, of text", { body: Readable.from([answer.slice(0, 9), answer.slice(9)]) }],
  ["a web stream", { body: new Response(answer).body }],
  ["headers that are an object", { text, headers: { "Content-Type": "application/json" } }],
  ["headers that are a Map", { text, headers: new Map([["Content-Type", "application/json"]]) }],
])("takes a plain object with %s", async (_, members) => {
  const client = clientAnsweredBy(async () => ({ status: 200, ...members }) as Response);
  expect(await call(client.clientCredentials())).toMatchObject({ accessToken: "a" });
});

it.each<[string, unknown]>([
  ["an object", { "Retry-After": "7" }],
  ["a Map", new Map([["Retry-After", "7"]])],
  ["Headers", new Headers({ "retry-after": "7" })],
])("reads header fields of %s", async (_, headers) => {
  const client = clientAnsweredBy(async () => ({ status: 429, headers, text }) as Response);
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({ retryAfter: 7000 });
});

it.each<[string, unknown, string]>([
  ["nothing", undefined, "It gave no object."],
  ["no status", { text }, "It has no `status`"],
  ["no way to the body", { status: 200, body: answer }, "Its body cannot be read"],
])("says what is missing: %s", async (_, given, lack) => {
  const client = clientAnsweredBy(async () => given as Response);
  const failure = await failureOf(call(client.refreshToken(), { previous: tokenSetWith("refresh-1") }));
  expect(failure).toMatchObject({ outcome: "unknown", cause: { message: expect.stringContaining(lack) } });
});

it.each<[string, () => unknown]>([
  ["a Response", () => new Response(answer)],
  ["a Node stream", () => ({ status: 200, body: Readable.from([Buffer.from(answer)]) })],
])("says that the body has been read, where a mock gives the same object twice: %s", async (_, make) => {
  const response = make() as Response;
  const client = clientAnsweredBy(async () => response);
  await call(client.clientCredentials());
  expect((await failureOf(call(client.clientCredentials()))).message).toContain("the body has been read already");
});

it("a fetch that gives nothing to read fails at the metadata, before a refresh token is sent", async () => {
  const sent: string[] = [];
  const fetch = (async (url: string) => {
    sent.push(url);
    return { status: 200, body: answer };
  }) as unknown as FetchFunction;
  const client = createOAuthClient({ issuer: "https://a.example", clientId: "id", clientAuth: clientSecretPost("s"), fetch });
  const failure = await failureOf(call(client.refreshToken(), { previous: tokenSetWith("refresh-1") }));
  expect(failure).toMatchObject({ outcome: "not-sent" });
  expect(sent.every((url) => url.includes("/.well-known/"))).toBe(true);
});
