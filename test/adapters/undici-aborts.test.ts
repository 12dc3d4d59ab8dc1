import { EventEmitter } from "node:events";
import { toTokenResponse } from "@tokenflight/core";
import { bearer } from "@tokenflight/undici";
import { Agent, DecoratorHandler, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { Events } from "./undici-events.ts";
import { longRefusal, refusal, rejectionOf, startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, dispatcher: Dispatcher = new Agent()): Dispatcher.ComposedDispatcher =>
  dispatcher.compose(bearer(tokens, { origins: wire.origin }));

const get = ({ wire }: WireSession, more: object = {}): Dispatcher.RequestOptions => ({
  origin: wire.origin,
  path: "/",
  method: "GET",
  ...more,
});

/** Nothing more comes from the token endpoint until it is released. */
function holdTokens({ server }: WireSession): { release: () => void; asked: () => Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = server.requests.length;
  server.faults.always(lateAnswer(promise));
  return {
    release: resolve,
    async asked() {
      while (server.requests.length === before) await new Promise((then) => setTimeout(then, 1));
    },
  };
}

async function expire({ tokens }: WireSession): Promise<void> {
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
}

const reason = new Error("the caller left");

describe.each([
  ["while a token is awaited", expire],
  ["while a refused token is renewed", ({ revoke }: WireSession) => revoke()],
])("an abort %s", (_when, prepare) => {
  it("ends this request at once, with its reason, and nobody else's", async () => {
    await using session = await startWireSession();
    await prepare(session);
    const held = holdTokens(session);
    const client = attached(session);
    const abort = new AbortController();
    const leaving = client.request(get(session, { signal: abort.signal }));
    const staying = client.request(get(session));
    await held.asked();
    const started = performance.now();

    abort.abort(reason);

    expect(await rejectionOf(leaving)).toBe(reason);
    expect(performance.now() - started).toBeLessThan(500);
    held.release();
    expect((await staying).statusCode).toBe(200);
    expect(session.refreshes()).toBe(1);
    expect(session.wire.requests.filter(({ isGood }) => isGood)).toHaveLength(1);
  });

  it("by an EventEmitter, which gives no reason, is undici's or the platform's AbortError", async () => {
    await using session = await startWireSession();
    await prepare(session);
    const held = holdTokens(session);
    const signal = new EventEmitter();
    const leaving = attached(session).request(get(session, { signal }));
    await held.asked();

    signal.emit("abort");

    expect((await rejectionOf(leaving)).name).toBe("AbortError");
    held.release();
  });

  it("by the handler is told to it once", async () => {
    await using session = await startWireSession();
    await prepare(session);
    const held = holdTokens(session);
    const events = new Events();
    attached(session).dispatch(get(session), events);
    await held.asked();

    events.controller?.abort(reason);
    events.controller?.abort(new Error("again"));
    await events.over.promise;
    held.release();
    await session.tokens.get();

    expect([events.error, events.controller?.aborted, events.controller?.reason]).toEqual([reason, true, reason]);
    expect(events.told.filter((event) => event.startsWith("onResponse"))).toEqual(
      // The refusal began to arrive before it was known to be one.
      prepare === expire ? ["onResponseError"] : ["onResponseStarted", "onResponseError"],
    );
  });
});

it("an abort while HEAD is renewed, whose response is over at once, ends the request", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const held = holdTokens(session);
  const abort = new AbortController();
  const leaving = attached(session).request(get(session, { method: "HEAD", signal: abort.signal }));
  await held.asked();

  abort.abort(reason);

  expect(await rejectionOf(leaving)).toBe(reason);
  held.release();
});

it("an abort while the refusal is being drained ends the request, and nothing more is sent", async () => {
  await using session = await startWireSession();
  await session.revoke();
  session.wire.answer = (request, response) => {
    if (request.isGood) return usual(request, response);
    response.writeHead(401, { "www-authenticate": "Bearer" }).write("a beginning");
    return undefined;
  };
  const abort = new AbortController();
  const leaving = attached(session).request(get(session, { signal: abort.signal }));
  while (session.refreshes() === 0) await new Promise((then) => setTimeout(then, 1));
  await session.tokens.get();
  await new Promise((then) => setTimeout(then, 50));

  abort.abort(reason);

  expect(await rejectionOf(leaving)).toBe(reason);
  expect(session.wire.requests).toHaveLength(1);
});

it("an abort during the replay, and while its body arrives, ends that", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const client = attached(session);
  const first = new AbortController();
  session.wire.answer = ({ isGood }) => {
    if (isGood) first.abort(reason);
    return isGood ? undefined : refusal;
  };
  expect(await rejectionOf(client.request(get(session, { signal: first.signal })))).toBe(reason);

  await session.revoke();
  const second = new AbortController();
  session.wire.answer = ({ isGood }, response) => {
    if (!isGood) return longRefusal(100);
    response.writeHead(200).write("a beginning");
    return undefined;
  };
  const { body } = await client.request(get(session, { signal: second.signal }));
  second.abort(reason);
  expect(await rejectionOf(body.text())).toBe(reason);
});

it("an abort after an interceptor has told late of the end of the refusal, ends the replay", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const [late, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const tellLate: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const told = new DecoratorHandler(handler) as Dispatcher.DispatchHandler;
    const tell = told.onResponseError?.bind(told);
    told.onResponseError = (controller, error) => void setTimeout(() => (tell?.(controller, error), late.resolve()), 20);
    return dispatch(options, told);
  };
  session.wire.answer = ({ isGood }, response) => {
    // Too long to be read to its end.
    if (!isGood) return longRefusal(400_000);
    response.on("close", ended.resolve).writeHead(200).write("a beginning");
    return undefined;
  };
  const abort = new AbortController();
  const { body, statusCode } = await attached(session, new Agent().compose(tellLate)).request(get(session, { signal: abort.signal }));
  expect(statusCode).toBe(200);
  await late.promise;
  abort.abort(reason);
  expect(await rejectionOf(body.text())).toBe(reason);
  await ended.promise;
});

it("a signal that was aborted before: nothing is sent", async () => {
  await using session = await startWireSession();
  for (const prepare of [expire, async () => {}]) {
    await prepare(session);
    expect(await rejectionOf(attached(session).request(get(session, { signal: AbortSignal.abort(reason) })))).toBe(reason);
  }
  expect(session.wire.requests).toEqual([]);
});

it("a token layer that fails is the error of the request, as it is", async () => {
  await using session = await startWireSession();
  await session.tokens.forget();

  expect(await rejectionOf(attached(session).request(get(session)))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });

  expect(session.wire.requests).toEqual([]);
});
