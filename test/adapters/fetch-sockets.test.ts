import { setTimeout as sleep } from "node:timers/promises";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { Agent, fetch as undiciFetch } from "undici";
import { describe, expect, it } from "vitest";
import { longRefusal, refusal, startWireSession, usual, type WireSession } from "./wire-session.ts";

/** A fetch with connections of its own, so that a test can count them. */
function attached({ tokens, wire }: WireSession): { send: FetchFunction; agent: Agent } {
  const agent = new Agent();
  const beneath: unknown = (input: string, init: object) => undiciFetch(input, { ...init, dispatcher: agent });
  return { send: bearer(tokens, { origins: wire.origin })(beneath as FetchFunction), agent };
}

describe.each([
  ["100 bytes", 100, false],
  ["100 bytes in chunks", 100, true],
  ["200 KB", 200_000, false],
  ["200 KB in chunks", 200_000, true],
])("refusals with %s", (_name, length, chunked) => {
  it("20 in a row: the two connections that fetch takes turns with for requests in a row, and no more", async () => {
    await using session = await startWireSession();
    session.wire.answer = (request, response) => (request.isGood ? usual(request, response) : longRefusal(length, chunked));
    const { send, agent } = attached(session);

    for (let round = 0; round < 20; round += 1) {
      await session.revoke();
      await (await send(session.wire.origin)).text();
    }

    expect(session.wire.requests).toHaveLength(40);
    expect(session.wire.sockets).toBeLessThanOrEqual(2);
    await agent.close();
  });

  it("50 at once: hardly a connection more than one for each", async () => {
    await using session = await startWireSession();
    session.wire.answer = (request, response) => (request.isGood ? usual(request, response) : longRefusal(length, chunked));
    const { send, agent } = attached(session);
    await session.revoke();

    const responses = await Promise.all(Array.from({ length: 50 }, () => send(session.wire.origin, { method: "POST", body: "text" })));
    await Promise.all(responses.map((response) => response.text()));

    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(session.wire.sockets).toBeLessThanOrEqual(75);
    await agent.close();
  });
});

it("a refusal of 5 MB is not read: its connection is closed, and the replay takes another one", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) => (request.isGood ? usual(request, response) : longRefusal(5_000_000));
  const { send, agent } = attached(session);
  await session.revoke();

  expect((await send(session.wire.origin)).status).toBe(200);

  expect(session.wire.sockets).toBe(2);
  await agent.close();
});

it("a refusal without end holds up the replay for a second at most", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) => {
    if (request.isGood) return usual(request, response);
    const { status, headers } = refusal;
    response.writeHead(status, headers).write("a beginning");
    return undefined;
  };
  const { send, agent } = attached(session);
  await session.revoke();
  const started = performance.now();

  expect((await send(session.wire.origin)).status).toBe(200);

  expect(performance.now() - started).toBeLessThan(1900);
  await agent.close();
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
  session.wire.answer = (request, response) =>
    request.isGood ? usual(request, response) : { ...refusal, headers: { "www-authenticate": "Bearer" }, body: endless() };
  const { send, agent } = attached(session);
  await session.revoke();

  expect((await send(session.wire.origin)).status).toBe(200);

  expect(sent).toBeLessThan(5_000_000);
  await agent.close();
});

it("a refusal whose connection breaks off is replayed all the same", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) => {
    if (request.isGood) return usual(request, response);
    response.writeHead(401, { "content-length": 1000 }).write("a beginning");
    setTimeout(() => response.destroy(), 5);
    return undefined;
  };
  const { send, agent } = attached(session);
  await session.revoke();

  expect((await send(session.wire.origin)).status).toBe(200);
  await agent.close();
});
