import { inspect } from "node:util";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { createTokenCache, TokenRequestError } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type FetchFunction, type OAuthClient } from "@tokenflight/oauth";
import { call, failureOf } from "./call.ts";
import { nobodysOrigin, startOddServer } from "./odd-server.ts";

function clientOf(tokenEndpoint: string, fetch: FetchFunction = globalThis.fetch): OAuthClient {
  return createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), fetch });
}

/** A server that speaks whatever it likes. */
async function startRawServer(connected: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => connected(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

it("knows that nothing was sent to a port that nobody listens at", async () => {
  const { host, port } = new URL(await nobodysOrigin());
  const error = await failureOf(call(clientOf(`http://${host}/`).clientCredentials()));
  expect(error).toBeInstanceOf(TokenRequestError);
  expect(error).toMatchObject({ outcome: "not-sent", message: `The token endpoint ${host} could not be reached (ECONNREFUSED).` });
  expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  // A name with an IPv4 and an IPv6 address fails with an error for each.
  expect(await failureOf(call(clientOf(`http://localhost:${port}/`).clientCredentials()))).toMatchObject({ outcome: "not-sent" });
});

it("says what to do where there is no fetch, and takes one that comes late", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const server = await startOddServer((response) => void response.end('{"access_token":"a-1"}'));
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "id", clientAuth: noClientAuth() });
  vi.stubGlobal("fetch", undefined);
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({
    outcome: "not-sent",
    message: expect.stringContaining("this platform has no fetch: give one as the option `fetch`"),
  });
  vi.unstubAllGlobals();
  expect(await call(client.clientCredentials())).toMatchObject({ accessToken: "a-1" });
});

it("knows that nothing was sent to a server that does not speak TLS", async () => {
  const port = await startRawServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
  expect(await failureOf(call(clientOf(`https://127.0.0.1:${port}/`).clientCredentials()))).toMatchObject({ outcome: "not-sent" });
});

it("knows nothing about a request whose connection was reset", async () => {
  const server = await startOddServer((response) => void response.socket?.resetAndDestroy());
  expect(await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials()))).toMatchObject({
    outcome: "unknown",
    status: undefined,
  });
  expect(server.received).toHaveLength(1);
});

it("keeps nothing of an answer that is not HTTP", async () => {
  const port = await startRawServer((socket) => socket.once("data", () => socket.end('{"access_token":"canary"}')));
  const error = await failureOf(call(clientOf(`http://127.0.0.1:${port}/`).clientCredentials()));
  expect(error).toMatchObject({ outcome: "unknown", cause: { name: "HTTPParserError" } });
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("canary");
});

const failed =
  (code: string, more: object = {}): FetchFunction =>
  async () => {
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(`it says ${code}`), { code, ...more }) });
  };

const tried =
  (...codes: string[]): FetchFunction =>
  async () => {
    throw new TypeError("fetch failed", { cause: new AggregateError(codes.map((code) => Object.assign(new Error(), { code }))) });
  };

it.each([
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("takes %s for a connection that was never made", async (code) => {
  expect(await failureOf(call(clientOf("https://a.example/", failed(code)).clientCredentials()))).toMatchObject({
    outcome: "not-sent",
    cause: { code },
  });
});

it.each(["ECONNRESET", "ETIMEDOUT", "EPIPE", "UND_ERR_SOCKET", "UND_ERR_HEADERS_TIMEOUT", "ECONNABORTED"])(
  "takes %s for a request that may have arrived",
  async (code) => {
    expect(await failureOf(call(clientOf("https://a.example/", failed(code)).clientCredentials()))).toMatchObject({
      outcome: "unknown",
      cause: { code },
    });
  },
);

it("looks at the system call, and at every address that was tried", async () => {
  const timedOut = failed("ETIMEDOUT", { syscall: "connect" });
  expect(await failureOf(call(clientOf("https://a.example/", timedOut).clientCredentials()))).toMatchObject({ outcome: "not-sent" });
  expect(await failureOf(call(clientOf("https://a.example/", tried("ECONNREFUSED", "ENETUNREACH")).clientCredentials()))).toMatchObject({
    outcome: "not-sent",
  });
  expect(await failureOf(call(clientOf("https://a.example/", tried("ECONNREFUSED", "ECONNRESET")).clientCredentials()))).toMatchObject({
    outcome: "unknown",
  });
});

it.each<[string, FetchFunction]>([
  [
    "throws at once",
    () => {
      throw new Error("broken");
    },
  ],
  ["throws a string", () => Promise.reject("broken")],
  ["gives nothing", async () => undefined as unknown as Response],
  [
    "gives no Response of the Fetch standard",
    async () => ({ status: 200, headers: new Headers(), body: { pipe() {} } }) as unknown as Response,
  ],
  [
    "gives a body that somebody else reads",
    async () => {
      const response = new Response("{}");
      response.body?.getReader();
      return response;
    },
  ],
])("makes a typed error of a fetch that %s", async (_, fetch) => {
  expect(await failureOf(call(clientOf("https://a.example/", fetch).clientCredentials()))).toMatchObject({
    name: "TokenRequestError",
    outcome: "unknown",
  });
});

it("lets a token cache repeat what was not sent", async () => {
  let attempts = 0;
  const fetch: FetchFunction = async (url, init) => {
    attempts += 1;
    return attempts === 1 ? failed("ECONNREFUSED")(url, init) : Response.json({ access_token: "a", expires_in: 60 });
  };
  const cache = createTokenCache({ source: clientOf("https://a.example/", fetch).clientCredentials() });
  expect((await cache.get()).accessToken).toBe("a");
  expect(attempts).toBe(2);
});
