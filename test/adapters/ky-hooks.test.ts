import { bearer } from "@tokenflight/ky";
import ky, { isForceRetryError, type KyInstance, type Options } from "ky";
import { describe, expect, it } from "vitest";
import { currentToken, refusal, rejectionOf, startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: Options = {}): KyInstance =>
  ky.create({ baseUrl: wire.origin, ...options }).extend(bearer(tokens));

/** Hooks that write down when they were called and what they saw. */
function hooksOf(name: string, log: string[]): NonNullable<Options["hooks"]> {
  const token = (request: Request): string => (request.headers.has("authorization") ? " token" : "");
  return {
    init: [() => void log.push(`${name} init`)],
    beforeRequest: [
      ({ request, retryCount }) => void log.push(`${name} beforeRequest ${new URL(request.url).pathname} ${retryCount}${token(request)}`),
    ],
    beforeRetry: [({ request, error, retryCount }) => void log.push(`${name} beforeRetry ${error.name} ${retryCount}${token(request)}`)],
    afterResponse: [
      ({ request, response, retryCount }) => void log.push(`${name} afterResponse ${response.status} ${retryCount}${token(request)}`),
    ],
    beforeError: [
      ({ request, error }) => {
        log.push(`${name} beforeError ${error.name}${token(request)}`);
        return error;
      },
    ],
  };
}

describe.each([
  ["tokens that are always the same", (session: WireSession) => bearer(session.tokens)],
  ["a function of the request", (session: WireSession) => bearer(() => session.tokens)],
])("%s: hooks of parent, child and call", (_name, ours) => {
  it("A5 keep their order, run once, and see what they would see: no token, no refusal", async () => {
    await using session = await startWireSession();
    await session.revoke();
    let unavailable = true;
    session.wire.answer = (request, response) => {
      if (!request.isGood || !unavailable) return usual(request, response);
      unavailable = false;
      return { status: 503 };
    };
    const log: string[] = [];
    const api = ky
      .create({ baseUrl: session.wire.origin, hooks: hooksOf("parent", log), retry: { limit: 1, delay: () => 1 } })
      .extend(ours(session))
      .extend({ hooks: hooksOf("child", log) });

    await api("orders", { hooks: hooksOf("call", log) });

    const each = (what: string): string[] => ["parent", "child", "call"].map((name) => `${name} ${what}`);
    expect(log).toEqual([
      ...each("init"),
      ...each("beforeRequest /orders 0"),
      ...each("afterResponse 503 0"),
      ...each("beforeRetry HTTPError 1"),
      ...each("afterResponse 200 1"),
    ]);
  });

  it("see the refusal that stays, as an error", async () => {
    await using session = await startWireSession();
    session.wire.answer = () => refusal;
    const log: string[] = [];
    const api = ky.create({ baseUrl: session.wire.origin, hooks: hooksOf("parent", log) }).extend(ours(session));

    await rejectionOf(api("orders"));

    expect(log).toEqual(["parent init", "parent beforeRequest /orders 0", "parent afterResponse 401 0", "parent beforeError HTTPError"]);
  });
});

describe("beforeRequest", () => {
  it("that returns a Request: that one gets the token, at its own origin", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const api = attached(session, {
      hooks: { beforeRequest: [({ request }) => new Request(`${request.url}?by=hook`, { method: "PUT", body: "of the hook" })] },
    });

    expect((await api("orders")).status).toBe(200);

    expect(session.wire.requests.map(({ method, url, body }) => [method, url, body.toString()])).toEqual(
      [1, 2].map(() => ["PUT", "/orders?by=hook", "of the hook"]),
    );
  });

  it("that returns a Request for somewhere else: that one gets no token", async () => {
    await using session = await startWireSession();
    const api = attached(session, {
      hooks: { beforeRequest: [() => new Request(session.wire.origin.replace("127.0.0.1", "localhost"))] },
    });

    expect(await rejectionOf(api("orders"))).toMatchObject({ response: { status: 401 } });

    expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined]);
  });

  it("that returns a Response: nothing is sent, and no token asked for", async () => {
    await using session = await startWireSession();
    await session.tokens.forget();
    const api = attached(session, { hooks: { beforeRequest: [() => new Response("of the hook")] } });

    expect(await api("orders").text()).toBe("of the hook");

    expect(session.wire.requests).toEqual([]);
  });

  it("that sets an Authorization: it wins, and its 401 refreshes nothing", async () => {
    await using session = await startWireSession();
    const api = attached(session, { hooks: { beforeRequest: [({ request }) => request.headers.set("authorization", "Basic bWU6cHc=")] } });

    expect(await rejectionOf(api("orders"))).toMatchObject({ response: { status: 401 } });

    expect(session.wire.requests.map(({ headers }) => headers.authorization)).toEqual(["Basic bWU6cHc="]);
    expect(session.refreshes()).toBe(0);
  });
});

it("beforeRetry that returns a Request, or stops, does so", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) => (request.url === "/orders" ? { status: 503 } : usual(request, response));
  const retry = { limit: 1, delay: () => 1 };
  const other = attached(session, { retry, hooks: { beforeRetry: [() => new Request(`${session.wire.origin}/other`)] } });
  expect(await other("orders").json()).toMatchObject({ url: "/other" });

  const stopping = attached(session, { retry, hooks: { beforeRetry: [() => ky.stop] } });
  expect(await stopping("orders")).toBeUndefined();

  expect(session.wire.requests.map(({ url, isGood }) => [url, isGood])).toEqual([
    ["/orders", true],
    ["/other", true],
    ["/orders", true],
  ]);
});

it("ky.retry() in afterResponse retries, with the token of then", async () => {
  await using session = await startWireSession();
  const codes: string[] = [];
  const api = attached(session, {
    hooks: {
      afterResponse: [
        async ({ retryCount }) => {
          if (retryCount > 0) return undefined;
          await session.revoke();
          return ky.retry({ delay: 1, code: "AGAIN" });
        },
      ],
      beforeRetry: [({ error }) => void codes.push(isForceRetryError(error) ? String(error.code) : error.name)],
    },
  });

  expect((await api.post("orders", { json: 1 })).status).toBe(200);

  expect(codes).toEqual(["AGAIN"]);
  expect(session.wire.requests.map(({ body, isGood }) => [body.toString(), isGood])).toEqual([
    ["1", true],
    ["1", false],
    ["1", true],
  ]);
  expect(session.wire.requests[2]?.token).toBe(await currentToken(session.tokens));
});

it("afterResponse that returns another Response gives that to the caller", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const api = attached(session, { hooks: { afterResponse: [({ response }) => new Response(`made of ${response.status}`)] } });

  expect(await api("orders").text()).toBe("made of 200");
});
