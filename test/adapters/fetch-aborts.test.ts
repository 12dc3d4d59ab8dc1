import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { toTokenResponse } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { refusal, rejectionOf, startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession): FetchFunction => bearer(tokens, { origins: wire.origin })(globalThis.fetch);

/** Where a caller can have its signal. */
const signals: [string, (url: string, signal: AbortSignal) => [string | Request, RequestInit?]][] = [
  ["init", (url, signal) => [url, { signal }]],
  ["the Request", (url, signal) => [new Request(url, { signal })]],
  ["init, in place of the Request's own", (url, signal) => [new Request(url, { signal: new AbortController().signal }), { signal }]],
];

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

describe.each(signals)("a signal in %s", (_where, call) => {
  it("that aborts while a token is awaited ends this call at once, with its reason, and nobody else's", async () => {
    await using session = await startWireSession();
    await expire(session);
    const held = holdTokens(session);
    const send = attached(session);
    const abort = new AbortController();
    const reason = new Error("the caller left");
    const leaving = send(...call(session.wire.origin, abort.signal));
    const staying = send(session.wire.origin);
    await held.asked();

    abort.abort(reason);

    expect(await rejectionOf(leaving)).toBe(reason);
    held.release();
    expect((await staying).status).toBe(200);
    expect(session.wire.requests).toHaveLength(1);
    expect(session.refreshes()).toBe(1);
  });

  it("that aborts while a refused token is renewed ends this call at once, with its reason, and nobody else's", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const held = holdTokens(session);
    const send = attached(session);
    const abort = new AbortController();
    const reason = new Error("the caller left");
    const leaving = send(...call(session.wire.origin, abort.signal));
    const staying = send(session.wire.origin);
    await held.asked();

    abort.abort(reason);

    expect(await rejectionOf(leaving)).toBe(reason);
    held.release();
    expect((await staying).status).toBe(200);
    expect(session.wire.requests.filter(({ isGood }) => isGood)).toHaveLength(1);
    expect(session.refreshes()).toBe(1);
  });

  it("that aborts while the first request or the replay is under way ends it, with its reason", async () => {
    for (const refusedFirst of [false, true]) {
      await using session = await startWireSession();
      if (refusedFirst) await session.revoke();
      const abort = new AbortController();
      const reason = new Error("the caller left");
      session.wire.answer = ({ isGood }) => {
        if (!isGood) return refusal;
        abort.abort(reason);
        return undefined;
      };

      expect(await rejectionOf(attached(session)(...call(session.wire.origin, abort.signal)))).toBe(reason);
    }
  });

  it("that aborts while the body of the replay arrives ends that, with its reason", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const abort = new AbortController();
    const reason = new Error("the caller left");
    session.wire.answer = ({ isGood }, response) => {
      if (!isGood) return refusal;
      response.writeHead(200).write("a beginning");
      return undefined;
    };
    const response = await attached(session)(...call(session.wire.origin, abort.signal));

    abort.abort(reason);

    expect(await rejectionOf(response.text())).toBe(reason);
  });

  it("that was aborted before is its reason at once: nothing is sent, no token asked for", async () => {
    for (const prepare of [expire, async () => {}]) {
      await using session = await startWireSession();
      await prepare(session);
      const reason = new Error("the caller left");

      expect(await rejectionOf(attached(session)(...call(session.wire.origin, AbortSignal.abort(reason))))).toBe(reason);

      expect(session.wire.requests).toEqual([]);
      expect(session.refreshes()).toBe(0);
    }
  });
});

it("a timeout covers the wait for a token", async () => {
  await using session = await startWireSession();
  await expire(session);
  const held = holdTokens(session);
  const started = performance.now();

  const error = await rejectionOf(attached(session)(session.wire.origin, { signal: AbortSignal.timeout(60) }));

  expect(error.name).toBe("TimeoutError");
  expect(performance.now() - started).toBeLessThan(1000);
  held.release();
});

it("signal: null takes away the signal of the Request, for the wait as well", async () => {
  await using session = await startWireSession();
  await expire(session);
  const request = new Request(session.wire.origin, { signal: AbortSignal.abort() });

  expect((await attached(session)(request, { signal: null })).status).toBe(200);
});

it("a Request that was aborted while a token was awaited was not used up", async () => {
  await using session = await startWireSession();
  await expire(session);
  const held = holdTokens(session);
  const abort = new AbortController();
  const request = new Request(session.wire.origin, { method: "POST", body: "text" });
  const send = attached(session);
  const leaving = send(request, { signal: abort.signal });
  await held.asked();
  abort.abort();
  expect((await rejectionOf(leaving)).name).toBe("AbortError");
  held.release();

  expect((await send(request)).status).toBe(200);
  expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(["text"]);
});

it("a stream in init is closed when the call ends before it was sent, as fetch does when it fails", async () => {
  await using session = await startWireSession();
  await expire(session);
  const held = holdTokens(session);
  const abort = new AbortController();
  let closed = false;
  const body = new ReadableStream({
    cancel() {
      closed = true;
    },
  });
  const leaving = attached(session)(session.wire.origin, { method: "POST", body, duplex: "half", signal: abort.signal } as RequestInit);
  await held.asked();

  abort.abort();

  await expect(leaving).rejects.toThrow("aborted");
  expect(closed).toBe(true);
  held.release();
});

it("a refusal stays the answer when the renewal fails, its body unread", async () => {
  await using session = await startWireSession();
  await session.revoke();
  session.server.faults.always(async () => ({ status: 503 }));

  const response = await attached(session)(session.wire.origin, { method: "POST", body: "text" });

  expect([response.status, response.bodyUsed, await response.json()]).toEqual([401, false, { code: "unauthorized" }]);
  session.wire.answer = usual;
});
