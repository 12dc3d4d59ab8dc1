import { inspect } from "node:util";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import {
  clientSecretBasic,
  clientSecretPost,
  createOAuthClient,
  noClientAuth,
  type ClientAuth,
  type FetchFunction,
  type OAuthClient,
} from "@tokenflight/oauth";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { nobodysOrigin, startOddServer, type Received } from "./odd-server.ts";

const secret = "canary:secret&100%+ü";
const refresh = "canary-refresh/+=1";
const code = "canary-code%2F 1";
const codeVerifier = `canary-verifier-${"v".repeat(43)}`;
const clientAuths: [string, ClientAuth][] = [
  ["basic", clientSecretBasic(secret)],
  ["raw basic", clientSecretBasic(secret, { encoding: "raw" })],
  ["post", clientSecretPost(secret)],
  ["bearer", (_server, _client, _body, headers) => headers.set("authorization", "Bearer canary-key")],
  ["of one's own", (_server, _client, _body, headers) => headers.set("x-api-key", "canary-key")],
];

/** In every way a log may show a value. */
function shown(value: unknown): string {
  const own =
    typeof value === "object" && value !== null
      ? Object.getOwnPropertyNames(value).map((name) => String((value as Record<string, unknown>)[name]))
      : [];
  const options = { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity } as const;
  return [inspect(value, options), inspect(value), JSON.stringify(value), String(value), ...own].join("\n");
}

function expectNoSecret(value: unknown): void {
  const text = shown(value);
  expect(text).not.toContain("canary");
  expect(text).not.toContain(Buffer.from(secret).toString("base64").slice(0, 12));
  expect(text).not.toContain(Buffer.from(`id:${secret}`).toString("base64"));
}

/** Everything that came, and what a server reads from it, in one line. */
function echo({ headers, form }: Received): string {
  const { authorization = "", "x-api-key": key = "" } = headers;
  const basic = Buffer.from(authorization.replace("Basic ", ""), "base64").toString("utf8");
  const password = basic.slice(basic.indexOf(":") + 1);
  return [
    ...form.values(),
    authorization.slice(authorization.indexOf(" ") + 1),
    form.toString(),
    authorization,
    basic,
    password,
    new URLSearchParams(`p=${password.replaceAll("&", "%26")}`).get("p"),
    key,
  ].join(" ");
}

async function failures(client: OAuthClient): Promise<unknown[]> {
  const exchange = { code, redirectUri: "https://app.example/", codeVerifier };
  return Promise.all([
    failureOf(call(client.clientCredentials())),
    failureOf(call(client.refreshToken(), { previous: tokenSetWith(refresh) })),
    failureOf(client.exchangeCode(exchange)),
  ]);
}

it.each(clientAuths)("a server that repeats what it got puts no secret into an error (%s)", async (_, clientAuth) => {
  for (const status of [200, 400, 401, 429, 500]) {
    const server = await startOddServer((response, _request, received) => {
      const text = echo(received);
      response.writeHead(status, { "www-authenticate": `Bearer error="${encodeURIComponent(text).slice(0, 50)}"` });
      response.end(JSON.stringify({ error: status === 429 ? "invalid_grant" : text, error_description: text, token_type: text }));
    });
    const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth });
    for (const error of await failures(client)) {
      expect(error).toMatchObject({ status, errorDescription: expect.stringContaining("***") });
      expectNoSecret(error);
    }
  }
});

it("an honest error code stays readable beside a short secret", async () => {
  const server = await startOddServer((response) =>
    response.writeHead(401).end('{"error":"invalid_client","error_description":"The client is unknown."}'),
  );
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth: clientSecretPost("client") });
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({
    error: "invalid_client",
    errorDescription: "The *** is unknown.",
  });
});

it.each(clientAuths)("no other failure puts a secret into an error (%s)", async (_, clientAuth) => {
  const notHttp = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => socket.end(data));
  });
  await new Promise<void>((resolve) => notHttp.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void notHttp.close());
  const reset = await startOddServer((response) => void response.socket?.resetAndDestroy());
  const silent = await startOddServer(() => {});
  const endpoints = [
    `http://127.0.0.1:${(notHttp.address() as AddressInfo).port}/`,
    reset.tokenEndpoint,
    silent.tokenEndpoint,
    await nobodysOrigin(),
  ];
  for (const tokenEndpoint of endpoints) {
    const client = createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth, timeout: 0.1 });
    for (const error of await failures(client)) {
      expect(error).toMatchObject({ name: "TokenRequestError" });
      expectNoSecret(error);
    }
  }
});

const telltale: FetchFunction = async (url, init) => {
  const cause = new Error(`cannot send ${init.body as string} with ${JSON.stringify(init.headers)}`);
  Object.assign(cause, { code: "ERR_OWN", init, request: new Request(url, init) });
  throw Object.assign(new TypeError("fetch failed", { cause }), { init });
};

it("a fetch that fails with all it was given puts no secret into an error", async () => {
  for (const [, clientAuth] of clientAuths) {
    for (const error of await failures(
      createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth, fetch: telltale }),
    )) {
      expect(error).toMatchObject({ outcome: "unknown", cause: { code: "ERR_OWN" } });
      expectNoSecret(error);
    }
  }
});

it("a fetch that takes the credentials out of its headers has them masked all the same", async () => {
  const fetch: FetchFunction = async (_, init) => {
    const headers = init.headers as Record<string, string>;
    const { authorization } = headers;
    delete headers["authorization"];
    return Response.json({ error: "invalid_client", error_description: `No ${authorization}.` }, { status: 401 });
  };
  const clientAuth = clientSecretBasic("canary-secret");
  const client = createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth, fetch });
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({ errorDescription: "No ***." });
});

const unfit: ClientAuth = (_server, _client, _body, headers) => headers.set("x-api-key", "canary\nkey");

it("a client authentication that fails puts no secret into an error", async () => {
  for (const error of await failures(createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth: unfit }))) {
    expect(error).toMatchObject({ outcome: "not-sent", cause: { name: "TypeError" } });
    expectNoSecret(error);
  }
});

it("client, token sources and client authentications show no secret", () => {
  for (const [, clientAuth] of clientAuths.slice(0, 3)) {
    const client = createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth });
    expectNoSecret({ client, sources: [client.clientCredentials(), client.refreshToken()], clientAuth });
  }
  const source = createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth: noClientAuth() }).clientCredentials();
  expect(inspect(source)).toContain("clientCredentials");
});
