import { setTimeout as sleep } from "node:timers/promises";
import { bearer } from "@tokenflight/undici";
import { Agent, Client, Pool, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { longRefusal, refusal, startWireSession, usual, type Answering, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, dispatcher: Dispatcher = new Agent()): Dispatcher.ComposedDispatcher =>
  dispatcher.compose(bearer(tokens, { origins: wire.origin }));

async function send(client: Dispatcher, { wire }: WireSession, method: "GET" | "POST" = "GET"): Promise<number> {
  const { statusCode, body } = await client.request({ origin: wire.origin, path: "/", method, body: method === "POST" ? "text" : null });
  await body.dump();
  return statusCode;
}

const refuseWith =
  (say: Answering): Answering =>
  (request, response) =>
    request.isGood ? usual(request, response) : say(request, response);

describe.each([
  ["100 bytes", 100, false],
  ["100 bytes in chunks", 100, true],
  ["200 KB", 200_000, false],
  ["200 KB in chunks", 200_000, true],
])("refusals with %s", (_name, length, chunked) => {
  it("20 in a row: the two connections that an Agent takes turns with for requests in a row, and no more", async () => {
    await using session = await startWireSession();
    session.wire.answer = refuseWith(() => longRefusal(length, chunked));
    const client = attached(session);

    for (let round = 0; round < 20; round += 1) {
      await session.revoke();
      expect(await send(client, session)).toBe(200);
    }

    expect(session.wire.requests).toHaveLength(40);
    expect(session.wire.sockets).toBeLessThanOrEqual(2);
    await client.close();
  });

  it("20 in a row on a Client: one connection", async () => {
    await using session = await startWireSession();
    session.wire.answer = refuseWith(() => longRefusal(length, chunked));
    const client = attached(session, new Client(session.wire.origin));

    for (let round = 0; round < 20; round += 1) {
      await session.revoke();
      expect(await send(client, session)).toBe(200);
    }

    expect(session.wire.sockets).toBe(1);
    await client.close();
  });

  it("100 at once on a Pool of 5: 5 connections", async () => {
    await using session = await startWireSession();
    session.wire.answer = refuseWith(() => longRefusal(length, chunked));
    const client = attached(session, new Pool(session.wire.origin, { connections: 5 }));
    await session.revoke();

    const statuses = await Promise.all(Array.from({ length: 100 }, () => send(client, session, "POST")));

    expect(statuses).toEqual(statuses.map(() => 200));
    expect(session.refreshes()).toBe(1);
    expect(session.wire.sockets).toBe(5);
    await client.close();
  });
});

it("a refusal of 5 MB is not read: its connection is closed, and the replay takes another one", async () => {
  await using session = await startWireSession();
  session.wire.answer = refuseWith(() => longRefusal(5_000_000));
  const client = attached(session);
  await session.revoke();

  expect(await send(client, session)).toBe(200);

  expect(session.wire.sockets).toBe(2);
  await client.close();
});

it("a refusal without end holds up the replay for a second at most", async () => {
  await using session = await startWireSession();
  session.wire.answer = refuseWith((_request, response) => {
    response.writeHead(401, { "www-authenticate": "Bearer" }).write("a beginning");
    return undefined;
  });
  const client = attached(session);
  await session.revoke();
  const started = performance.now();

  expect(await send(client, session)).toBe(200);

  expect(performance.now() - started).toBeLessThan(1900);
  await client.close();
});

it("a refusal that endlessly sends is read up to a limit", async () => {
  await using session = await startWireSession();
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sent += 65_536;
      yield Buffer.alloc(65_536);
      await sleep(1);
    }
  }
  session.wire.answer = refuseWith(() => ({ ...refusal, headers: { "www-authenticate": "Bearer" }, body: endless() }));
  const client = attached(session);
  await session.revoke();

  expect(await send(client, session)).toBe(200);

  expect(sent).toBeLessThan(5_000_000);
  await client.close();
});

it("a refusal whose connection breaks off is replayed all the same", async () => {
  await using session = await startWireSession();
  session.wire.answer = refuseWith((_request, response) => {
    response.writeHead(401, { "content-length": 1000 }).write("a beginning");
    setTimeout(() => response.destroy(), 5);
    return undefined;
  });
  const client = attached(session);
  await session.revoke();

  expect(await send(client, session)).toBe(200);
  await client.close();
});

it("HEAD that is refused is replayed on the connection that it had", async () => {
  await using session = await startWireSession();
  const client = attached(session, new Client(session.wire.origin));
  await session.revoke();

  const { statusCode, body } = await client.request({ origin: session.wire.origin, path: "/", method: "HEAD" });

  expect([statusCode, await body.text()]).toEqual([200, ""]);
  expect(session.wire.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  await client.close();
});
