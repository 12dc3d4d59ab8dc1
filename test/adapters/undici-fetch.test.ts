import { bearer } from "@tokenflight/undici";
import { Agent, Dispatcher1Wrapper, fetch as undiciFetch, getGlobalDispatcher, setGlobalDispatcher, type Dispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { rejectionOf, startWireApi, startWireSession, type WireSession } from "./wire-session.ts";

const before = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(before));

const attached = ({ tokens, wire }: WireSession, ...more: string[]): Dispatcher =>
  new Agent().compose(bearer(tokens, { origins: [wire.origin, ...more] }));

/** The two fetch functions of a process that has undici installed. */
const fetches: [string, typeof fetch][] = [
  ["undici's fetch", undiciFetch as unknown as typeof fetch],
  ["Node's own fetch", (...call) => globalThis.fetch(...call)],
];

describe.each(fetches)("%s, with our dispatcher as the global one", (_name, fetch) => {
  it("has the token, and a GET that is refused is replayed", async () => {
    await using session = await startWireSession();
    setGlobalDispatcher(attached(session));
    await session.revoke();

    const response = await fetch(session.wire.origin);

    expect([response.status, await response.json()]).toMatchObject([200, { method: "GET" }]);
    expect(session.refreshes()).toBe(1);
  });

  it("hides from a dispatcher what its body was, so that a POST that is refused gets the 401, and the next one a fresh token", async () => {
    await using session = await startWireSession();
    setGlobalDispatcher(attached(session));
    await session.revoke();
    const post = (): Promise<Response> => fetch(session.wire.origin, { method: "POST", body: "text" });

    const refused = await post();
    expect([refused.status, await refused.json()]).toEqual([401, { code: "unauthorized" }]);
    expect((await post()).status).toBe(200);

    expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(["text", "text"]);
    expect(session.refreshes()).toBe(1);
  });

  it("takes no token to an origin that is not allowed, over a redirect or without one", async () => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    setGlobalDispatcher(attached(session));
    session.wire.answer = () => ({ status: 302, headers: { location: other.origin } });

    expect([(await fetch(session.wire.origin)).status, (await fetch(other.origin)).status]).toEqual([401, 401]);

    expect(other.requests.map(({ token }) => token)).toEqual([undefined, undefined]);
  });

  it("follows redirects above the dispatcher: another origin that is allowed gets the token", async () => {
    await using session = await startWireSession();
    await using other = await startWireApi((token) => session.server.isActive(token));
    setGlobalDispatcher(attached(session, other.origin));
    session.wire.answer = () => ({ status: 302, headers: { location: other.origin } });

    expect((await fetch(session.wire.origin)).status).toBe(200);
  });

  it("makes a network error of one of the token layer, which is its cause", async () => {
    await using session = await startWireSession();
    await session.tokens.forget();
    setGlobalDispatcher(attached(session));

    const error = await rejectionOf(fetch(session.wire.origin));

    expect([error.message, error.cause]).toMatchObject(["fetch failed", { code: "ERR_LOGIN_REQUIRED" }]);
  });
});

it("Node's own fetch refuses a dispatcher of undici 8 in its options, attached or not, in the same words", async () => {
  await using session = await startWireSession();
  const causes = await Promise.all(
    [attached(session), new Agent()].map(async (dispatcher) => {
      const { cause } = await rejectionOf(globalThis.fetch(session.wire.origin, { dispatcher } as RequestInit));
      return (cause as Error).message;
    }),
  );

  expect(causes).toEqual(["invalid onRequestStart method", "invalid onRequestStart method"]);
});

it("Node's own fetch takes our dispatcher of undici 8 for a single call in a Dispatcher1Wrapper", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const dispatcher: unknown = new Dispatcher1Wrapper(attached(session));

  const response = await globalThis.fetch(session.wire.origin, { dispatcher } as RequestInit);

  expect([response.status, await response.json()]).toMatchObject([200, { method: "GET" }]);
  expect(session.wire.requests.map(({ isGood }) => isGood)).toEqual([false, true]);
});
