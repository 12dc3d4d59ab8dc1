import { setTimeout as sleep } from "node:timers/promises";
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { Events } from "./undici-events.ts";
import { attached, failRenewals, get } from "./undici-session.ts";
import { longRefusal, refusal, startWireSession, usual } from "./wire-session.ts";

describe("a refusal whose renewal fails arrives whole", () => {
  it.each([
    ["1 MB", 1_000_000, 0],
    ["5 MB, after half a second", 5_000_000, 500],
    ["nothing", 0, 50],
  ])("with %s as its body", async (_name, length, after) => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, after);
    session.wire.answer = () => longRefusal(length);
    const events = new Events();

    attached(session).dispatch(get(session), events);
    await events.over.promise;

    expect([events.error, events.statusCode, events.size]).toEqual([undefined, 401, length]);
    expect(events.told.indexOf("onResponseStart 401")).toBeLessThan(events.told.indexOf("onResponseEnd"));
  });

  it("and unread: nothing of it came while the decision was pending, and a handler that pauses is not overrun", async () => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 100);
    session.wire.answer = () => longRefusal(5_000_000);
    const events: Events = new Events({ onResponseStart: () => events.controller?.pause() });

    attached(session).dispatch(get(session), events);
    await sleep(300);

    expect([events.statusCode, events.size, events.controller?.paused]).toEqual([401, 0, true]);
    events.controller?.resume();
    await events.over.promise;
    expect(events.size).toBe(5_000_000);
  });

  it("to a slow consumer, at its pace", async () => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 50);
    session.wire.answer = () => longRefusal(1_000_000);
    let size = 0;
    const slow = new Writable({
      highWaterMark: 1000,
      async write(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        await sleep(1);
        done();
      },
    });

    await attached(session).stream({ ...get(session) }, () => slow);
    await finished(slow);

    expect(size).toBe(1_000_000);
  });

  it("for HEAD, whose response is over at once", async () => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 50);
    session.wire.answer = () => refusal;

    const response = await attached(session).request({ ...get(session), method: "HEAD" });

    expect([response.statusCode, await response.body.text()]).toEqual([401, ""]);
  });

  it.each([100, 100_000])("although the server closed the connection meanwhile: %d bytes", async (length) => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 200);
    session.wire.answer = (_request, response) => {
      const { status, body } = longRefusal(length);
      response.writeHead(status, { "www-authenticate": "Bearer", connection: "close" }).end(body);
      return undefined;
    };
    const events = new Events();

    attached(session).dispatch(get(session), events);
    await events.over.promise;

    expect([events.error, events.statusCode, events.size]).toEqual([undefined, 401, length]);
    expect(events.told.slice(-1)).toEqual(["onResponseEnd"]);
  });

  it("or breaks off where it broke off meanwhile", async () => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 100);
    session.wire.answer = (_request, response) => {
      response.writeHead(401, { "content-length": 1000 }).write("a beginning");
      setTimeout(() => response.destroy(), 20);
      return undefined;
    };
    const events = new Events();

    attached(session).dispatch(get(session), events);
    await events.over.promise;

    expect(events.statusCode).toBe(401);
    expect(events.error?.message).toMatch(/closed/);
  });
});

it("a refusal of 5 MB whose renewal takes long and succeeds is thrown away: the handler gets nothing of it", async () => {
  await using session = await startWireSession();
  await session.revoke();
  session.server.faults.always(lateAnswer(300));
  session.wire.answer = (request, response) => (request.isGood ? usual(request, response) : longRefusal(5_000_000));
  const events = new Events();

  attached(session).dispatch(get(session), events);
  await events.over.promise;

  expect([events.error, events.statusCode]).toEqual([undefined, 200]);
  expect(events.size).toBeLessThan(1000);
});
