import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { bearer } from "@tokenflight/undici";
import { Agent, upgrade } from "undici";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";

let session: Session;
let origin: string;
let seen: (string | undefined)[];
const server = createServer();
const sockets = new Set<Duplex>();

beforeEach(async () => {
  session = await startSession();
  seen = [];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
  sockets.add(socket);
  const { authorization } = request.headers;
  seen.push(authorization);
  const good = authorization !== undefined && session.server.isActive(authorization.slice("Bearer ".length));
  if (good) socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello");
  else socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
});

server.on("connect", (request: IncomingMessage, socket: Duplex) => {
  sockets.add(socket);
  seen.push(request.headers.authorization);
  socket.write("HTTP/1.1 200 Connected\r\n\r\n");
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
  await session[Symbol.asyncDispose]();
});

it("an upgrade has the token, and the socket is the caller's", async () => {
  const dispatcher = new Agent().compose(bearer(session.tokens, { origins: origin }));

  const { socket, headers } = await upgrade(origin, { dispatcher, protocol: "echo" });

  expect(headers["upgrade"]).toBe("echo");
  expect(String((await once(socket, "data"))[0])).toBe("hello");
  expect(seen).toEqual([`Bearer ${(await session.tokens.get()).accessToken}`]);
});

it("an upgrade that is refused is replayed with another token", async () => {
  const dispatcher = new Agent().compose(bearer(session.tokens, { origins: origin }));
  session.server.revokeAccessToken((await session.tokens.get()).accessToken);

  const { socket } = await upgrade(origin, { dispatcher, protocol: "echo" });

  expect(String((await once(socket, "data"))[0])).toBe("hello");
  expect(seen).toHaveLength(2);
});

it("an upgrade that stays refused is the error that undici makes of it", async () => {
  const dispatcher = new Agent().compose(bearer(session.tokens, { origins: origin, replay: "never" }));
  session.server.revokeAccessToken((await session.tokens.get()).accessToken);

  await expect(upgrade(origin, { dispatcher, protocol: "echo" })).rejects.toThrow("bad upgrade");
});

it("CONNECT speaks to a proxy and has no token", async () => {
  const dispatcher = new Agent().compose(bearer(session.tokens, { origins: origin }));

  const { statusCode } = await dispatcher.connect({ origin, path: "api.example.com:443" });

  expect([statusCode, seen]).toEqual([200, [undefined]]);
});
