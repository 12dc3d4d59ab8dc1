import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, createSecureServer, createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got from "got";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { selfSigned } from "../setup/certificates.ts";
import { rejection, startGotSession } from "./got-session.ts";

/** Takes t2 and no other token, and says what it was asked with. */
const listener =
  (seen: string[]): RequestListener =>
  (request: IncomingMessage, response: ServerResponse) => {
    const { authorization = "none", ...headers } = request.headers;
    seen.push(`${request.httpVersion} ${authorization} ${String(headers["x-own"] ?? "")}`.trim());
    response.statusCode = authorization === "Bearer t2" ? 200 : 401;
    response.end(authorization);
  };

/** t1, which nobody takes, then t2. */
function secondToken(): ReturnType<typeof createTokenCache> {
  let count = 0;
  return createTokenCache({ source: async () => ({ access_token: `t${(count += 1)}`, expires_in: 600 }) });
}

async function listen(server: Server, at?: string): Promise<AsyncDisposable & { port: number }> {
  if (at === undefined) server.listen(0, "127.0.0.1");
  else server.listen(at);
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    (server as Partial<{ closeAllConnections(): void }>).closeAllConnections?.();
  };
  return { port: (server.address() as AddressInfo | null)?.port ?? 0, [Symbol.asyncDispose]: close };
}

it("https: refused, renewed, replayed", async () => {
  const seen: string[] = [];
  await using server = await listen(createHttpsServer(selfSigned(), listener(seen)));
  const origin = `https://127.0.0.1:${server.port}`;

  const client = got.extend(bearer(secondToken(), { origins: origin }), { https: { rejectUnauthorized: false } });

  expect((await client(origin)).body).toBe("Bearer t2");
  expect(seen).toEqual(["1.1 Bearer t1", "1.1 Bearer t2"]);
});

it.each([
  ["and with limits of the caller's for the connection", { lookup: 5000, connect: 5000, secureConnect: 5000, socket: 5000 }],
  ["and without", {}],
])("http2: true against an HTTP/2 server over TLS: refused, renewed, replayed, %s", async (_name, timeout) => {
  const seen: string[] = [];
  await using server = await listen(createSecureServer({ ...selfSigned(), allowHTTP1: true }, listener(seen) as never));
  const origin = `https://127.0.0.1:${server.port}`;

  const client = got.extend(bearer(secondToken(), { origins: origin }), { http2: true, timeout, https: { rejectUnauthorized: false } });

  expect((await client.post(origin, { json: {}, headers: { "x-own": "mine" } })).body).toBe("Bearer t2");
  expect((await client(origin)).body).toBe("Bearer t2");
  expect(seen).toEqual(["2.0 Bearer t1 mine", "2.0 Bearer t2 mine", "2.0 Bearer t2"]);
});

it("http2: true against a server that speaks HTTP/1.1 only", async () => {
  const seen: string[] = [];
  await using server = await listen(createHttpsServer(selfSigned(), listener(seen)));
  const origin = `https://127.0.0.1:${server.port}`;

  const client = got.extend(bearer(secondToken(), { origins: origin }), { http2: true, https: { rejectUnauthorized: false } });

  expect((await client(origin)).body).toBe("Bearer t2");
  expect(seen).toEqual(["1.1 Bearer t1", "1.1 Bearer t2"]);
});

it("an HTTP/2 session of the caller's", async () => {
  const seen: string[] = [];
  await using server = await listen(createHttp2Server(listener(seen) as never));
  const origin = `http://127.0.0.1:${server.port}`;
  const h2session = connect(origin);

  const client = got.extend(bearer(secondToken(), { origins: origin }), { http2: true, h2session });

  expect((await client(origin)).body).toBe("Bearer t2");
  expect(seen).toEqual(["2.0 Bearer t1", "2.0 Bearer t2"]);
  h2session.destroy();
});

it("a UNIX socket never gets a token; other requests of the same instance do", async () => {
  const seen: string[] = [];
  const path = join(tmpdir(), `got-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
  await using _server = await listen(createServer(listener(seen)), path);
  await using other = await startLoopback(() => listener(seen));
  const tokens = secondToken();
  const client = got.extend(bearer(tokens, { origins: [other.origin, "https://unix"] }), {
    enableUnixSockets: true,
    throwHttpErrors: false,
  });

  for (const url of [`unix:${path}:/`, `http://unix${path}:/`]) expect((await client(url)).body).toBe("none");
  expect((await client(other.origin)).body).toBe("Bearer t2");

  expect(seen).toEqual(["1.1 none", "1.1 none", "1.1 Bearer t1", "1.1 Bearer t2"]);
});

it("https://unix:/path is a socket, too, and gets no token even where an origin of that name is allowed", async () => {
  const seen: string[] = [];
  const path = join(tmpdir(), `got-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
  await using _server = await listen(createHttpsServer(selfSigned(), listener(seen)), path);
  const client = got.extend(bearer(secondToken(), { origins: "https://unix" }), {
    enableUnixSockets: true,
    https: { rejectUnauthorized: false },
    throwHttpErrors: false,
  });

  expect((await client(`https://unix${path}:/`)).body).toBe("none");
});

it("200 refusals of 200 KB each open no more sockets than the agent lets them, and leave none busy", async () => {
  const tokens = secondToken();
  let sockets = 0;
  const large = "x".repeat(200_000);
  const server = createServer((request, response) => {
    const good = request.headers.authorization === "Bearer t2";
    response.writeHead(good ? 200 : 401).end(good ? "fine" : large);
  });
  server.on("connection", () => (sockets += 1));
  await using listening = await listen(server);
  const origin = `http://127.0.0.1:${listening.port}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const client = got.extend(bearer(tokens, { origins: origin }), { agent: { http: agent } });

  const outcomes = await Promise.all(Array.from({ length: 200 }, async () => (await client(origin)).statusCode));

  expect(new Set(outcomes)).toEqual(new Set([200]));
  expect(sockets).toBe(4);
  await expect.poll(() => Object.values(agent.freeSockets).flat().length).toBe(4);
  agent.destroy();
});

it("refusals one after the other use one socket", async () => {
  let sockets = 0;
  const server = createServer((_request, response) => response.writeHead(401).end("x".repeat(200_000)));
  server.on("connection", () => (sockets += 1));
  await using listening = await listen(server);
  const origin = `http://127.0.0.1:${listening.port}`;
  const agent = new Agent({ keepAlive: true });
  const client = got.extend(bearer(secondToken(), { origins: origin }), { agent: { http: agent }, retry: { limit: 0 } });

  for (let turn = 0; turn < 5; turn += 1) expect((await rejection(client(origin))).response?.statusCode).toBe(401);

  expect(sockets).toBe(1);
  agent.destroy();
});

it("refused streams leave their sockets to others", async () => {
  await using session = await startGotSession();
  const agent = new Agent({ keepAlive: true });
  const client = session.client.extend({ agent: { http: agent } });

  for (let turn = 0; turn < 3; turn += 1) {
    await session.revoke();
    await rejection(client.stream("plain").toArray());
    await session.tokens.renew(await session.tokens.get());
  }

  expect(Object.values(agent.sockets).flat()).toEqual([]);
  agent.destroy();
});
