import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/undici";
import { Agent, Client, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { Events } from "./undici-events.ts";
import { attached, failRenewals, get } from "./undici-session.ts";
import { currentToken, rejectionOf, startWireSession, usual, type WireSession } from "./wire-session.ts";

describe("what a handler is told", () => {
  it("with a fresh token is what it is told without us", async () => {
    await using session = await startWireSession();
    const authorization = `Bearer ${await currentToken(session.tokens)}`;
    const runs: [Dispatcher, Record<string, string>][] = [
      [attached(session), {}],
      [new Agent(), { authorization }],
    ];
    const told = await Promise.all(
      runs.map(async ([dispatcher, headers]) => {
        const events = new Events();
        dispatcher.dispatch({ ...get(session), method: "POST", body: "text", headers }, events);
        await events.over.promise;
        return events.told;
      }),
    );

    expect(told[0]).toEqual(told[1]);
  });

  it("of a refused request and its replay is one response; the request is sent twice, as with undici's own redirect and retry", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const events = new Events();

    attached(session).dispatch({ ...get(session), method: "POST", body: "text" }, events);
    await events.over.promise;

    const sent = ["onRequestStart", "onBodySent 4", "onRequestSent", "onResponseStarted"];
    expect(events.told).toEqual([...sent, ...sent, "onResponseStart 200", "onResponseData", "onResponseEnd"]);
  });

  it("while a token is awaited begins at once with a controller, so that it can abort", async () => {
    await using session = await startWireSession();
    await session.tokens.forget();
    const events = new Events();

    attached(session).dispatch(get(session), events);

    expect(events.told).toEqual(["onRequestStart"]);
    await events.over.promise;
    expect(events.error).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect(events.told).toEqual(["onRequestStart", "onResponseError"]);
  });

  it("includes informational responses of both times", async () => {
    await using session = await startWireSession();
    await session.revoke();
    session.wire.answer = (request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      return usual(request, response);
    };
    const events = new Events();

    attached(session).dispatch(get(session), events);
    await events.over.promise;

    expect(events.told.filter((event) => event.startsWith("onResponseStart "))).toEqual([
      "onResponseStart 103",
      "onResponseStart 103",
      "onResponseStart 200",
    ]);
  });
});

describe("a handler that throws", () => {
  it.each<[string, Parameters<typeof bearer>[1] | undefined, (session: WireSession) => Parameters<typeof bearer>[0]]>([
    ["a token is awaited", undefined, () => createTokenCache({ source: async () => ({ access_token: "new" }) })],
    [
      "a selector is awaited",
      undefined,
      ({ tokens }) =>
        async () =>
          tokens,
    ],
    ["a scheme is awaited", { scheme: async () => ({ authorization: "Bearer new" }) }, ({ tokens }) => tokens],
  ])("when it begins, while %s, gets its error, once, and nothing is sent", async (_when, options, tokensOf) => {
    await using session = await startWireSession();
    const thrown = new RangeError("thrown");
    const events = new Events({
      onRequestStart: () => {
        throw thrown;
      },
    });
    const { origin } = session.wire;

    new Agent().compose(bearer(tokensOf(session), { origins: origin, ...options })).dispatch(get(session), events);
    await events.over.promise;
    await sleep(20);

    expect([events.error, events.told]).toEqual([thrown, ["onRequestStart", "onResponseError"]]);
    expect(session.wire.requests).toEqual([]);
  });

  it.each(["onRequestStart", "onResponseStart", "onResponseData"] as const)("in %s gets its error, as without us", async (name) => {
    for (const refused of [false, true]) {
      await using session = await startWireSession();
      if (refused) {
        await session.revoke();
        failRenewals(session, 20);
      }
      const thrown = new RangeError(`thrown in ${name}`);
      const events = new Events({
        [name]: () => {
          throw thrown;
        },
      });

      attached(session).dispatch(get(session), events);
      await events.over.promise;

      expect(events.error).toBe(thrown);
      expect(events.told.filter((event) => event === "onResponseError")).toHaveLength(1);
    }
  });

  it("in onResponseStart, for a response that was over before it got it, gets its error", async () => {
    await using session = await startWireSession();
    await session.revoke();
    failRenewals(session, 20);
    const thrown = new RangeError("thrown");
    const events = new Events({
      onResponseStart: () => {
        throw thrown;
      },
    });

    attached(session).dispatch({ ...get(session), method: "HEAD" }, events);
    await events.over.promise;

    expect(events.error).toBe(thrown);
  });
});

/** undici's own functions take what counts as false for no error, and would answer. */
describe.each([undefined, null, 0, "", false, new Error("no user")])("what is thrown is %j:", (thrown) => {
  it.each<[string, () => never | Promise<never>]>([
    [
      "at once",
      () => {
        throw thrown;
      },
    ],
    ["later", async () => Promise.reject(thrown)],
  ])("a selector that throws %s is an error that its handler is told of", async (_when, selector) => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearer(selector, { origins: session.wire.origin }));

    const error = await rejectionOf(client.request({ ...get(session) }));

    expect(error).toBeInstanceOf(Error);
    expect(thrown instanceof Error ? error : error.cause).toBe(thrown);
    expect(session.wire.requests).toEqual([]);
  });

  it("a caller that leaves with it as its reason is not answered", async () => {
    await using session = await startWireSession();
    const leaving = new AbortController();
    const client = new Agent().compose(bearer(() => new Promise(() => {}), { origins: session.wire.origin }));
    const call = client.request({ ...get(session), signal: leaving.signal });
    leaving.abort(thrown);

    expect(await rejectionOf(call)).toBeInstanceOf(Error);
  });
});

it("a scheme that throws is told to the handler, as what comes later is", async () => {
  await using session = await startWireSession();
  const scheme = (): never => {
    throw new Error("no key");
  };
  const events = new Events();

  new Agent().compose(bearer(session.tokens, { origins: session.wire.origin, scheme })).dispatch(get(session), events);

  expect([events.told, events.error]).toMatchObject([["onResponseError"], { code: "ERR_SCHEME_FAILED" }]);
});

it("dispatch answers as undici does: false when the dispatcher is busy", async () => {
  await using session = await startWireSession();
  const gate = Promise.withResolvers<void>();
  session.wire.answer = async (request, response) => {
    await gate.promise;
    return usual(request, response);
  };
  const answersOf = (dispatcher: Dispatcher): boolean[] => [1, 2, 3].map(() => dispatcher.dispatch(get(session), new Events()));

  expect(answersOf(attached(session, new Client(session.wire.origin)))).toEqual(answersOf(new Client(session.wire.origin)));
  gate.resolve();
});

it("a dispatcher that is destroyed is the error that undici has for it, once", async () => {
  await using session = await startWireSession();
  const agent = new Agent();
  await agent.destroy();
  const events = new Events();

  attached(session, agent).dispatch(get(session), events);
  await events.over.promise;

  expect(events.told).toEqual(["onResponseError"]);
  expect(events.error).toMatchObject({ code: "UND_ERR_DESTROYED" });
});

it("a handler of an older undici is refused in undici's own words", async () => {
  await using session = await startWireSession();
  const errors: Error[] = [];
  const old = { onConnect() {}, onHeaders() {}, onError: (error: Error) => errors.push(error) } as Dispatcher.DispatchHandler;

  expect(() => attached(session).dispatch(get(session), old)).toThrow("invalid onRequestStart method");
});

it("a refused predicate that takes its time defers the response, and one that fails refuses nothing", async () => {
  await using session = await startWireSession();
  const predicates: (() => Promise<boolean>)[] = [async () => sleep(30, false), async () => Promise.reject(new Error("no idea"))];
  for (const refused of predicates) {
    const client = new Agent().compose(bearer(session.tokens, { origins: session.wire.origin, refused }));
    const response = await client.request({ ...get(session) });
    expect([response.statusCode, await response.body.json()]).toMatchObject([200, { method: "GET" }]);
  }
  expect(session.refreshes()).toBe(0);
});
