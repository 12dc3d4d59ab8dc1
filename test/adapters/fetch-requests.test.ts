import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { Agent, fetch as undiciFetch, Headers as UndiciHeaders } from "undici";
import { describe, expect, it, vi } from "vitest";
import { rejectionOf, startWireSession, type WireSession } from "./wire-session.ts";

/** What JavaScript callers can do and TypeScript would not let them. */
const anything = <Wanted>(value: unknown): Wanted => value as Wanted;

const attached = ({ tokens, wire }: WireSession, fetch: FetchFunction = globalThis.fetch): FetchFunction =>
  bearer(tokens, { origins: wire.origin })(fetch);

/** What arrived of the headers that a test gave. */
const arrived = ({ wire }: WireSession): unknown[] => wire.requests.map(({ headers: { "x-a": a, "x-b": b } }) => [a, b]);

describe("headers", () => {
  const forms: [string, () => unknown][] = [
    ["an object", () => ({ "x-a": "1", "X-B": "2" })],
    ["an object without a prototype", () => Object.assign(Object.create(null), { "x-a": "1", "x-b": "2" })],
    [
      "pairs",
      () => [
        ["x-a", "1"],
        ["X-B", "2"],
      ],
    ],
    ["Headers", () => new Headers({ "x-a": "1", "x-b": "2" })],
    ["Headers of another fetch", () => new UndiciHeaders({ "x-a": "1", "x-b": "2" })],
    [
      "a Map",
      () =>
        new Map([
          ["x-a", "1"],
          ["x-b", "2"],
        ]),
    ],
    [
      "an iterator, which can be read once",
      () =>
        new Map([
          ["x-a", "1"],
          ["x-b", "2"],
        ]).entries(),
    ],
  ];

  it.each(forms)("%s: both times all of them arrive beside the token, and the caller's own stay without it", async (_name, make) => {
    await using session = await startWireSession();
    await session.revoke();
    const headers = anything<HeadersInit>(make());

    expect((await attached(session)(session.wire.origin, { headers })).status).toBe(200);

    expect(arrived(session)).toEqual([
      ["1", "2"],
      ["1", "2"],
    ]);
    expect(new Headers(headers).has("authorization")).toBe(false);
  });

  it.each<[string, unknown]>([
    ["an object", { AUTHORIZATION: "Basic bWU6cHc=" }],
    ["pairs", [["Authorization", "Basic bWU6cHc="]]],
    ["Headers", new Headers({ authorization: "Basic bWU6cHc=" })],
    ["an iterator", new Map([["authorization", "Basic bWU6cHc="]]).entries()],
  ])("an Authorization of the caller's own in %s wins, and its 401 refreshes nothing", async (_name, headers) => {
    await using session = await startWireSession();

    expect((await attached(session)(session.wire.origin, { headers: anything<HeadersInit>(headers) })).status).toBe(401);

    expect(session.wire.requests.map(({ headers: seen }) => seen.authorization)).toEqual(["Basic bWU6cHc="]);
    expect(session.refreshes()).toBe(0);
  });

  it("an empty Authorization says that the request shall have none", async () => {
    await using session = await startWireSession();

    expect((await attached(session)(session.wire.origin, { headers: { authorization: "" } })).status).toBe(401);

    expect(session.wire.requests).toMatchObject([{ headers: { authorization: "" } }]);
    expect(session.refreshes()).toBe(0);
  });

  it("D58 those of init take the place of those of the Request, its Authorization among them", async () => {
    await using session = await startWireSession();
    const request = new Request(session.wire.origin, { headers: { authorization: "Bearer theirs", "x-a": "1" } });

    expect((await attached(session)(request, { headers: { "x-b": "2" } })).status).toBe(200);

    expect(arrived(session)).toEqual([[undefined, "2"]]);
  });

  it("that are none are the error that fetch has for them, as a rejection", async () => {
    await using session = await startWireSession();
    const init = { headers: anything<HeadersInit>([["alone"]]) };

    expect(await rejectionOf(attached(session)(session.wire.origin, init))).toEqual(await rejectionOf(fetch(session.wire.origin, init)));
  });
});

describe("init", () => {
  it("D58 a Request as init gives its method, headers and body, as without us", async () => {
    await using session = await startWireSession();
    const init = new Request("http://other.example/", { method: "PUT", headers: { "x-a": "1" }, body: "text" });

    expect((await attached(session)(session.wire.origin, anything<RequestInit>(init))).status).toBe(200);

    expect(session.wire.requests).toMatchObject([{ method: "PUT", body: Buffer.from("text"), headers: { "x-a": "1" } }]);
  });

  it("members that a class or a prototype gives count, as without us", async () => {
    await using session = await startWireSession();
    await session.revoke();
    class Defaults {
      get method(): string {
        return "PUT";
      }
    }
    const init = Object.assign(Object.create(new Defaults()), { body: "text" });

    await attached(session)(session.wire.origin, init);

    expect(session.wire.requests.map(({ method, body }) => [method, body.toString()])).toEqual([
      ["PUT", "text"],
      ["PUT", "text"],
    ]);
  });

  it("what the caller changes in it, or in its URL, while the request is under way changes nothing", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const url = new URL("/first?page=1", session.wire.origin);
    const init = { method: "POST", body: "first", headers: { "x-a": "1" } };

    const response = attached(session)(url, init);
    url.host = "evil.example";
    Object.assign(init, { method: "DELETE", body: "second", headers: {} });

    expect((await response).status).toBe(200);
    expect(session.wire.requests.map(({ method, url: path, body }) => [method, path, body.toString()])).toEqual([
      ["POST", "/first?page=1", "first"],
      ["POST", "/first?page=1", "first"],
    ]);
  });

  it("members that fetch does not know reach the fetch beneath, each time", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const beneath = vi.fn<FetchFunction>(globalThis.fetch);
    const init = anything<RequestInit>({ next: { revalidate: 60 }, cf: { cacheTtl: 5 } });

    await attached(session, beneath)(session.wire.origin, init);

    expect(beneath.mock.calls.map(([, seen]) => seen)).toMatchObject([init, init]);
  });

  it("a dispatcher is used, each time", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const dispatcher = new Agent();
    using dispatch = vi.spyOn(dispatcher, "dispatch");
    const send = bearer(session.tokens, { origins: session.wire.origin })(undiciFetch);

    expect((await send(session.wire.origin, { dispatcher })).status).toBe(200);

    expect(dispatch).toHaveBeenCalledTimes(2);
    await dispatcher.close();
  });

  it.each([null, {}])("%s is as good as none", async (init) => {
    await using session = await startWireSession();

    expect((await attached(session)(session.wire.origin, anything<RequestInit>(init))).status).toBe(200);
  });
});
