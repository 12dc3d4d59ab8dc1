import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import makeFetchCookie from "fetch-cookie";
import ky from "ky";
import nodeFetch, { FormData as NodeFetchFormData, Request as NodeFetchRequest } from "node-fetch";
import { Agent, fetch as undiciFetch, FormData as UndiciFormData, Headers as UndiciHeaders, Request as UndiciRequest } from "undici";
import { describe, expect, it, vi } from "vitest";
import { startRecordingApi } from "../contract/scenarios/recording-api.ts";
import { rejectionOf, startWireApi, startWireSession, usual, withoutBoundary, type WireSession } from "./wire-session.ts";

const anything = <Wanted>(value: unknown): Wanted => value as Wanted;
const attached = ({ tokens, wire }: WireSession, fetch: unknown, more: object = {}): typeof globalThis.fetch =>
  bearer(tokens, { origins: wire.origin, ...more })(fetch as FetchFunction) as typeof globalThis.fetch;

/** Functions that are not known to take the token off. The last two would keep it for another port of the host. */
const functions: [string, () => unknown][] = [
  ["undici's", () => undiciFetch],
  [
    "a wrapper around the platform's",
    () =>
      (...call: Parameters<typeof fetch>) =>
        globalThis.fetch(...call),
  ],
  ["node-fetch", () => nodeFetch],
  ["fetch-cookie", () => makeFetchCookie(globalThis.fetch)],
];

/** `/from/<status>?<to>` redirects there. */
function redirecting({ wire }: WireSession): void {
  wire.answer = (request, response) => {
    const [, status, to] = /^\/from\/(\d+)\?(.*)$/.exec(request.url) ?? [];
    return to === undefined || !request.isGood ? usual(request, response) : { status: Number(status), headers: { location: to } };
  };
}

describe.each(functions)("redirects of %s (field line 122)", (_name, make) => {
  it.each([301, 302, 303, 307, 308])("%d at home: the token, the body where it stays, and a response that says so", async (status) => {
    await using session = await startWireSession();
    redirecting(session);
    await session.revoke();
    const { origin } = session.wire;

    const response = await attached(session, make())(`${origin}/from/${status}?/to`, { method: "POST", body: "text" });

    expect([response.status, response.redirected, response.url]).toEqual([200, true, `${origin}/to`]);
    const last = session.wire.requests.at(-1);
    const keeps = status === 307 || status === 308;
    expect([last?.method, last?.url, last?.body.toString(), last?.isGood]).toEqual([
      keeps ? "POST" : "GET",
      "/to",
      keeps ? "text" : "",
      true,
    ]);
    expect(last?.headers["content-type"] === undefined).toBe(!keeps);
    expect(session.wire.requests).toHaveLength(3);
  });

  it("a body of each kind goes along with a 307", async () => {
    await using session = await startWireSession();
    redirecting(session);
    const form = new FormData();
    form.append("a", "b");
    for (const body of ["text", Buffer.from("bytes"), new URLSearchParams({ a: "b" }), new Blob(["blob"])]) {
      await attached(session, make(), { replay: "never" })(`${session.wire.origin}/from/307?/to`, { method: "POST", body });
      const [first, second] = session.wire.requests.slice(-2);
      expect([second?.url, second?.bodySha256, second?.headers["content-type"]]).toEqual([
        "/to",
        first?.bodySha256,
        first?.headers["content-type"],
      ]);
    }
  });

  it("neither token, cookie nor Proxy-Authorization goes to another origin, nor back from there", async () => {
    await using session = await startWireSession();
    redirecting(session);
    await using other = await startWireApi(
      () => true,
      () => ({ status: 307, headers: { location: `${session.wire.origin}/back` } }),
    );
    const headers = { cookie: "a=b", "proxy-authorization": "Basic x", "x-a": "1" };

    const response = await attached(session, make())(`${session.wire.origin}/from/307?${other.origin}/`, {
      method: "POST",
      body: "x",
      headers,
    });

    expect(response.status).toBe(401);
    const seen = [...other.requests, ...session.wire.requests.slice(1)];
    expect(seen.map((request) => [request.token, request.headers["proxy-authorization"], request.headers["x-a"]])).toEqual([
      [undefined, undefined, "1"],
      [undefined, undefined, "1"],
    ]);
    expect(seen.some((request) => request.headers.cookie?.includes("a=b"))).toBe(false);
    expect([session.wire.requests.length, session.refreshes()]).toEqual([2, 0]);
  });

  it("20 are followed, and one more is an error", async () => {
    await using session = await startWireSession();
    session.wire.answer = ({ url }) => {
      const left = Number(url.slice(1));
      return left === 0 ? { status: 200 } : { status: 302, headers: { location: `/${left - 1}` } };
    };
    const send = attached(session, make());

    expect((await send(`${session.wire.origin}/20`)).url).toBe(`${session.wire.origin}/0`);
    expect(await rejectionOf(send(`${session.wire.origin}/21`))).toBeInstanceOf(TypeError);
    expect(session.wire.requests).toHaveLength(42);
  });

  it('redirect: "manual" and "error" are as without us', async () => {
    await using session = await startWireSession();
    redirecting(session);
    const send = attached(session, make());
    const url = `${session.wire.origin}/from/302?/to`;

    expect((await send(url, { redirect: "manual" })).status).toBe(302);
    await expect(send(url, { redirect: "error" })).rejects.toThrow(Error);

    expect(session.wire.requests.map(({ url: path }) => path)).toEqual(["/from/302?/to", "/from/302?/to"]);
  });

  it("an own field of a scheme is followed home and stays there", async () => {
    await using api = await startRecordingApi(({ url }, response) =>
      url === "/from" ? response.writeHead(302, { location: "/home" }).end() : response.writeHead(302, { location: other.origin }).end(),
    );
    await using other = await startRecordingApi((_arrival, response) => response.end());
    await using session = await startWireSession();
    const scheme = (): Record<string, string> => ({ "x-api-key": "secret" });
    const send = bearer(session.tokens, { origins: api.origin, scheme })(make() as FetchFunction);

    expect((await send(`${api.origin}/from`)).status).toBe(200);

    expect(api.arrivals.map(({ url, headers }) => [url, headers["x-api-key"]])).toEqual([
      ["/from", "secret"],
      ["/home", "secret"],
    ]);
    expect(other.arrivals.map(({ headers }) => headers["x-api-key"])).toEqual([undefined]);
  });

  it("a signal ends a request that is on its way behind a redirect", async () => {
    await using session = await startWireSession();
    const abort = new AbortController();
    session.wire.answer = ({ url }) => {
      if (url === "/from") return { status: 302, headers: { location: "/to" } };
      abort.abort();
      return undefined;
    };

    const error = await rejectionOf(attached(session, make())(`${session.wire.origin}/from`, { signal: abort.signal }));

    expect(error.name).toBe("AbortError");
  });
});

it("a stream does not go along with a 307, as fetch has it", async () => {
  await using session = await startWireSession();
  redirecting(session);
  const init = anything<RequestInit>({ method: "POST", body: new Blob(["text"]).stream(), duplex: "half" });

  await expect(attached(session, undiciFetch)(`${session.wire.origin}/from/307?/to`, init)).rejects.toThrow(new TypeError("fetch failed"));

  expect(session.wire.requests).toHaveLength(1);
});

it("a Request goes along with a 307 whole, with its method, signal and headers, and what init says", async () => {
  await using session = await startWireSession();
  redirecting(session);
  const body = "größer ".repeat(20_000);
  const request = new UndiciRequest(`${session.wire.origin}/from/307?/to`, { method: "PUT", body, headers: { "X-A": "1" } });

  const response = await attached(session, undiciFetch)(anything<Request>(request));

  expect(response.status).toBe(200);
  expect(
    session.wire.requests.map(({ method, url, body: seen, headers }) => [method, url, seen.toString() === body, headers["x-a"]]),
  ).toEqual([
    ["PUT", "/from/307?/to", true, "1"],
    ["PUT", "/to", true, "1"],
  ]);
});

it("undici's form and node-fetch's form are replayed, each with its own function (field line 114)", async () => {
  for (const [fetch, Form] of [
    [undiciFetch, UndiciFormData],
    [nodeFetch, NodeFetchFormData],
  ] as const) {
    await using session = await startWireSession();
    await session.revoke();
    const form = new Form();
    form.append("name", "Zoë");
    form.append("file", new Blob(["bytes"]), "a.bin");

    expect((await attached(session, fetch)(session.wire.origin, { method: "POST", body: anything<FormData>(form) })).status).toBe(200);

    const [first, second] = session.wire.requests.map(withoutBoundary);
    expect(first).toContain("a.bin");
    expect(second).toBe(first);
  }
});

it("a Request of node-fetch's own is replayed, and its refusal is drained", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const request = anything<Request>(new NodeFetchRequest(session.wire.origin, { method: "POST", body: "order" }));

  expect((await attached(session, nodeFetch)(request)).status).toBe(200);

  expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(["order", "order"]);
});

it.each<[string, (input: Request, init?: RequestInit) => Promise<Response>]>([
  ["its init, where it has one", (input, init) => fetch(input.url, init ?? { method: input.method, headers: input.headers })],
  ["the Request alone", (input) => fetch(input.url, { method: input.method, headers: input.headers, redirect: input.redirect })],
])("a function that takes method and headers of a Request from %s sends the token", async (_name, beneath) => {
  await using session = await startWireSession();
  redirecting(session);
  const request = new Request(`${session.wire.origin}/from/307?/to`, { method: "DELETE" });

  expect((await attached(session, beneath)(request)).status).toBe(200);

  expect(session.wire.requests.map(({ method, url, isGood }) => [method, url, isGood])).toEqual([
    ["DELETE", "/from/307?/to", true],
    ["DELETE", "/to", true],
  ]);
});

describe("cookies of fetch-cookie (field line 139)", () => {
  it.each([
    ["fetch given a URL", (session: WireSession, jar: unknown) => (path: string) => attached(session, jar)(session.wire.origin + path)],
    [
      "fetch given a Request",
      (session: WireSession, jar: unknown) => (path: string) => attached(session, jar)(new Request(session.wire.origin + path)),
    ],
    [
      "ky",
      (session: WireSession, jar: unknown) => (path: string) =>
        ky
          .create({ prefix: session.wire.origin, fetch: jar as typeof fetch })
          .extend(kyBearer(session.tokens))
          .get(path.slice(1)),
    ],
  ])("%s: they come back, also over a redirect, and a login's first one", async (_name, connect) => {
    await using session = await startWireSession();
    session.wire.answer = (request, response) =>
      request.url === "/login" ? { status: 302, headers: { location: "/home", "set-cookie": "sid=1; Path=/" } } : usual(request, response);
    const send = connect(session, makeFetchCookie(globalThis.fetch));

    await send("/login");
    await session.revoke();
    await send("/orders");

    expect(session.wire.requests.map(({ url, headers }) => [url, headers.cookie])).toEqual([
      ["/login", undefined],
      ["/home", "sid=1"],
      ["/orders", "sid=1"],
      ["/orders", "sid=1"],
    ]);
  });
});

describe("header names over npm's undici keep their spelling (field line 137)", () => {
  const headers: [string, string][] = [
    ["X-MiXeD", "1"],
    ["accept-LANGUAGE", "de"],
  ];
  it.each<[string, (origin: string) => [unknown, unknown]]>([
    ["a record", (origin) => [origin, { headers: Object.fromEntries(headers) }]],
    ["pairs", (origin) => [origin, { headers }]],
    ["undici's Headers", (origin) => [origin, { headers: new UndiciHeaders(headers) }]],
    ["a Request of undici's", (origin) => [new UndiciRequest(origin, { headers }), undefined]],
  ])("in %s, the second time, too", async (_name, call) => {
    await using api = await startRecordingApi(({ headers: { authorization } }, response) =>
      response.writeHead(authorization?.startsWith("Bearer new") ? 200 : 401).end(),
    );
    const named = (): string[][] =>
      api.arrivals.map(({ rawHeaders }) =>
        rawHeaders.filter((_, index) => index % 2 === 0 && !/^authorization$/i.test(rawHeaders[index] ?? "")),
      );
    await using session = await startWireSession();
    let count = 0;
    const scheme = (): Record<string, string> => ({ authorization: `Bearer ${(count += 1) === 1 ? "old" : "new"}` });
    const send = bearer(session.tokens, { origins: api.origin, scheme })(undiciFetch as unknown as FetchFunction);

    await undiciFetch(...(call(api.origin) as Parameters<typeof undiciFetch>));
    await send(...(call(api.origin) as Parameters<FetchFunction>));

    const [theirs, ...ours] = named();
    expect(theirs).toEqual(expect.arrayContaining(["X-MiXeD", "accept-LANGUAGE"]));
    expect(ours).toHaveLength(2);
    for (const names of ours) expect(names.toSorted()).toEqual(theirs?.toSorted());
  });
});

it("a dispatcher of undici's is used for each hop that init has it for", async () => {
  await using session = await startWireSession();
  redirecting(session);
  const dispatcher = new Agent();
  using dispatch = vi.spyOn(dispatcher, "dispatch");

  await attached(session, undiciFetch)(`${session.wire.origin}/from/302?/to`, anything<RequestInit>({ dispatcher }));

  expect(dispatch).toHaveBeenCalledTimes(2);
  await dispatcher.close();
});
