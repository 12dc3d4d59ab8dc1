import { gzipSync } from "node:zlib";
import { bearer } from "@tokenflight/undici";
import { Agent, interceptors, type Dispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { currentToken, refusal, rejectionOf, startWireApi, startWireSession, usual, type WireSession } from "./wire-session.ts";

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

const agents: Agent[] = [];
afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.destroy())));

function compose(...given: Interceptor[]): Dispatcher.ComposedDispatcher {
  const agent = new Agent();
  agents.push(agent);
  return agent.compose(...given);
}

const bearerOf = ({ tokens, wire }: WireSession, ...more: string[]): Interceptor => bearer(tokens, { origins: [wire.origin, ...more] });

async function get(
  client: Dispatcher,
  url: string,
  more: Partial<Dispatcher.RequestOptions> = {},
): Promise<{ status: number; body: string }> {
  const { origin, pathname, search } = new URL(url);
  const response = await client.request({ origin, path: pathname + search, method: "GET", ...more });
  return { status: response.statusCode, body: await response.body.text() };
}

/** `/from` redirects there; everything else is answered as usual. */
function redirect({ wire }: WireSession, location: string, status = 302): void {
  wire.answer = (request, response) =>
    request.url === "/from" && request.isGood ? { status, headers: { location } } : usual(request, response);
}

describe("compose(redirect, bearer, responseError), the documented order", () => {
  const documented = (session: WireSession, ...more: string[]): Dispatcher =>
    compose(interceptors.redirect({ maxRedirections: 3 }), bearerOf(session, ...more), interceptors.responseError());

  it("C46 a 401 is refreshed and replayed once, and responseError sees only the response that counts", async () => {
    await using session = await startWireSession();
    await session.revoke();

    expect((await get(documented(session), session.wire.origin)).status).toBe(200);

    expect(session.refreshes()).toBe(1);
  });

  it("C46 a final 401 becomes a ResponseError after exactly one replay", async () => {
    await using session = await startWireSession();
    session.wire.answer = () => refusal;

    expect(await rejectionOf(get(documented(session), session.wire.origin))).toMatchObject({
      statusCode: 401,
      body: { code: "unauthorized" },
    });

    expect(session.wire.requests).toHaveLength(2);
  });

  it.each([301, 302, 303, 307, 308])("a %d to the same origin keeps the token", async (status) => {
    await using session = await startWireSession();
    redirect(session, "/to", status);

    expect((await get(documented(session), `${session.wire.origin}/from`)).status).toBe(200);

    expect(session.wire.requests.map(({ url, isGood }) => [url, isGood])).toEqual([
      ["/from", true],
      ["/to", true],
    ]);
  });

  it.each([301, 302, 303, 307, 308])("a %d to another origin takes no token along, even if that is an allowed one", async (status) => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    redirect(session, `${other.origin}/to`, status);

    expect(await rejectionOf(get(documented(session, other.origin), `${session.wire.origin}/from`))).toMatchObject({ statusCode: 401 });

    expect(other.requests.map(({ token }) => token)).toEqual([undefined]);
    expect(session.wire.requests).toHaveLength(1);
    expect(session.refreshes()).toBe(0);
  });

  it("a POST whose redirect target refuses the token is not posted a second time, and the next request has a fresh token", async () => {
    await using session = await startWireSession();
    session.wire.answer = ({ url }) => (url === "/from" ? { status: 303, headers: { location: "/to" } } : refusal);

    const call = get(documented(session), `${session.wire.origin}/from`, { method: "POST", body: "create" });

    expect(await rejectionOf(call)).toMatchObject({ statusCode: 401 });
    expect(session.wire.requests.map(({ method }) => method)).toEqual(["POST", "GET"]);
    await expect.poll(() => session.refreshes()).toBe(1);
  });
});

describe("the other order", () => {
  it("compose(bearer, redirect): each redirect is decided anew, so another origin gets no token, and an allowed one gets it", async () => {
    await using session = await startWireSession();
    await using other = await startWireApi((token) => session.server.isActive(token));
    await using allowed = await startWireApi((token) => session.server.isActive(token));
    const client = compose(bearerOf(session, allowed.origin), interceptors.redirect({ maxRedirections: 3 }));

    for (const { origin } of [other, allowed]) {
      redirect(session, `${origin}/to`);
      await get(client, `${session.wire.origin}/from`);
    }

    expect([other, allowed].map(({ requests }) => requests.map(({ token }) => token !== undefined))).toEqual([[false], [true]]);
  });

  it("compose(bearer, redirect): what a redirect led to is replayed by itself, so that no POST is posted twice", async () => {
    await using session = await startWireSession();
    const old = await currentToken(session.tokens);
    session.wire.answer = (request, response) =>
      request.url === "/from" ? { status: 303, headers: { location: "/to" } } : request.token === old ? refusal : usual(request, response);
    const client = compose(bearerOf(session), interceptors.redirect({ maxRedirections: 3 }));

    expect((await get(client, `${session.wire.origin}/from`, { method: "POST", body: "create" })).status).toBe(200);

    expect(session.wire.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST /from", "GET /to", "GET /to"]);
  });

  it("compose(responseError, bearer): the first 401 is an error before it can be replayed", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const client = compose(interceptors.responseError(), bearerOf(session));

    expect(await rejectionOf(get(client, session.wire.origin))).toMatchObject({ statusCode: 401 });

    expect(session.wire.requests).toHaveLength(1);
  });
});

describe("retry", () => {
  const retry = (): Interceptor => interceptors.retry({ minTimeout: 1, maxRetries: 2 });

  it.each<[string, (session: WireSession) => Dispatcher]>([
    ["inside", (session) => compose(retry(), bearerOf(session))],
    ["outside", (session) => compose(bearerOf(session), retry())],
  ])("%s: 401, refresh, 503, retried, 200", async (_name, client) => {
    await using session = await startWireSession();
    await session.revoke();
    let unavailable = 1;
    session.wire.answer = (request, response) => (request.isGood && unavailable-- > 0 ? { status: 503 } : usual(request, response));

    expect((await get(client(session), session.wire.origin, { method: "PUT", body: "text" })).status).toBe(200);

    expect(session.wire.requests.map(({ isGood, body }) => [isGood, body.toString()])).toEqual([
      [false, "text"],
      [true, "text"],
      [true, "text"],
    ]);
    expect(session.refreshes()).toBe(1);
  });

  it("outside: an error of the caller's own scheme is not retried, whatever its code says", async () => {
    await using session = await startWireSession();
    let asked = 0;
    const scheme = async (): Promise<never> => {
      asked += 1;
      throw Object.assign(new Error("no key"), { code: "ECONNRESET" });
    };
    const client = compose(bearer(session.tokens, { origins: session.wire.origin, scheme }), retry());

    await expect(get(client, session.wire.origin)).rejects.toMatchObject({ code: "ERR_SCHEME_FAILED", cause: { code: "ECONNRESET" } });

    expect(asked).toBe(1);
    expect(session.wire.requests).toHaveLength(0);
  });
});

describe("decompress", () => {
  it.each<[string, (session: WireSession) => Dispatcher]>([
    ["inside", (session) => compose(interceptors.decompress({ skipErrorResponses: false }), bearerOf(session))],
    ["outside", (session) => compose(bearerOf(session), interceptors.decompress({ skipErrorResponses: false }))],
  ])("%s: refusals and answers are decompressed, and replays work", async (_name, client) => {
    await using session = await startWireSession();
    await session.revoke();
    const zipped = gzipSync("zipped ".repeat(100_000));
    session.wire.answer = ({ isGood }) => ({ status: isGood ? 200 : 401, headers: { "content-encoding": "gzip" }, body: zipped });
    const dispatcher = client(session);

    expect(await get(dispatcher, session.wire.origin)).toEqual({ status: 200, body: "zipped ".repeat(100_000) });
    session.wire.answer = () => ({ status: 401, headers: { "content-encoding": "gzip" }, body: zipped });
    expect(await get(dispatcher, session.wire.origin)).toEqual({ status: 401, body: "zipped ".repeat(100_000) });
  });
});

it("composing bearer twice: the outer one has put its token on, which the inner one leaves alone", async () => {
  await using session = await startWireSession();
  await session.revoke();

  expect((await get(compose(bearerOf(session), bearerOf(session)), session.wire.origin)).status).toBe(200);

  expect(session.wire.requests).toHaveLength(2);
  expect(session.refreshes()).toBe(1);
});

it("dns inside: the interceptor sees the origin by its name", async () => {
  await using session = await startWireSession();
  const origin = session.wire.origin.replace("127.0.0.1", "localhost");
  const client = compose(interceptors.dns({ affinity: 4, dualStack: false }), bearer(session.tokens, { origins: origin }));

  expect((await get(client, origin)).status).toBe(200);
});
