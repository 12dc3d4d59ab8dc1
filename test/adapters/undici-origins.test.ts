import { bearer } from "@tokenflight/undici";
import { Agent, BalancedPool, Client, Headers, MockAgent, Pool, request, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { currentToken, startWireApi, startWireSession, type WireSession } from "./wire-session.ts";

const anything = <Wanted>(value: unknown): Wanted => value as Wanted;
const bearerOf = ({ tokens, wire }: WireSession): Dispatcher.DispatcherComposeInterceptor => bearer(tokens, { origins: wire.origin });

async function status(call: Promise<Dispatcher.ResponseData>): Promise<number> {
  const { statusCode, body } = await call;
  await body.dump();
  return statusCode;
}

describe("a Client and a Pool", () => {
  it.each([Client, Pool])("%o know their origin, so that requests need not name it", async (Dispatching) => {
    await using session = await startWireSession();
    const client = new Dispatching(session.wire.origin).compose(bearerOf(session));

    expect(await status(client.request(anything({ path: "/", method: "GET" })))).toBe(200);
    await client.close();
  });

  it.each([Client, Pool])("%o of an origin that is not allowed get no token, whatever origin a request claims", async (Dispatching) => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    const client = new Dispatching(other.origin).compose(bearerOf(session));

    expect(await status(client.request({ origin: session.wire.origin, path: "/", method: "GET" }))).toBe(401);

    expect(other.requests.map(({ token }) => token)).toEqual([undefined]);
    await client.close();
  });

  it("a Client of the allowed origin sends the token, whatever origin a request claims: it goes there", async () => {
    await using session = await startWireSession();
    const client = new Client(session.wire.origin).compose(bearerOf(session));

    expect(await status(client.request({ origin: "https://elsewhere.example", path: "/", method: "GET" }))).toBe(200);
    await client.close();
  });
});

it("a BalancedPool tells nobody where a request goes: composing is an error, and its factory is the place to do it", async () => {
  await using session = await startWireSession();
  const { origin } = session.wire;
  expect(() => new BalancedPool([origin]).compose(bearerOf(session))).toThrow(
    "compose: expected a dispatcher whose requests tell their origin, or that has one, got one that chooses among several.",
  );

  const pool = new BalancedPool([origin], { factory: (upstream) => anything(new Pool(upstream).compose(bearerOf(session))) });

  expect(await status(pool.request({ origin, path: "/", method: "GET" }))).toBe(200);
  await pool.close();
});

it("an Agent without an origin is the error that undici has for it", async () => {
  await using session = await startWireSession();
  const client = new Agent().compose(bearerOf(session));

  const nowhere = anything<Dispatcher.RequestOptions>({ path: "/", method: "GET" });

  await expect(client.request(nowhere)).rejects.toThrow("opts.origin must be a non-empty string or URL.");
});

it("a MockAgent sees the token", async () => {
  await using session = await startWireSession();
  const mock = new MockAgent();
  mock.disableNetConnect();
  const seen: unknown[] = [];
  mock
    .get(session.wire.origin)
    .intercept({ path: "/" })
    .reply(200, ({ headers }) => {
      seen.push(headers);
      return "";
    });

  expect(await status(request(session.wire.origin, { dispatcher: mock.compose(bearerOf(session)) }))).toBe(200);

  expect(seen).toEqual([{ authorization: `Bearer ${await currentToken(session.tokens)}` }]);
});

describe("origins", () => {
  it.each<[string, (origin: string) => string | URL]>([
    ["a string", (origin) => origin],
    ["a string with a slash", (origin) => `${origin}/`],
    ["a URL object", (origin) => new URL(origin)],
    ["in capitals", (origin) => origin.replace("http", "HTTP")],
  ])("%s", async (_name, spell) => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(client.request({ origin: spell(session.wire.origin), path: "/", method: "GET" }))).toBe(200);
  });

  it("localhost is another origin than 127.0.0.1", async () => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(request(session.wire.origin.replace("127.0.0.1", "localhost"), { dispatcher: client }))).toBe(401);

    expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined]);
  });

  it("a path that looks like another host goes to the same one", async () => {
    await using session = await startWireSession();
    const urls: string[] = [];
    const client = new Agent().compose(
      bearer(session.tokens, {
        origins: session.wire.origin,
        scheme: ({ accessToken }, { url }) => {
          urls.push(url);
          return { authorization: `Bearer ${accessToken}` };
        },
      }),
    );

    expect(await status(client.request({ origin: session.wire.origin, path: "//evil.example/", method: "GET" }))).toBe(200);

    expect(urls).toEqual([`${session.wire.origin}//evil.example/`]);
  });

  it("A14 undici drops credentials in a URL, so that they are in nobody's way", async () => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(request(session.wire.origin.replace("//", "//user:password@"), { dispatcher: client }))).toBe(200);
  });
});

describe("headers", () => {
  const pairs: [string, string][] = [
    ["x-a", "1"],
    ["X-B", "2"],
  ];
  const forms: [string, () => unknown][] = [
    ["an object", () => Object.fromEntries(pairs)],
    ["names and values in turn", () => pairs.flat()],
    ["a set of pairs", () => new Set(pairs)],
    ["Headers", () => new Headers(pairs)],
    ["a Map", () => new Map(pairs)],
    ["an iterator, which can be read once", () => new Map(pairs).entries()],
  ];

  it.each(forms)("%s: both times all of them arrive beside the token", async (_name, make) => {
    await using session = await startWireSession();
    await session.revoke();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(request(session.wire.origin, { dispatcher: client, headers: anything(make()) }))).toBe(200);

    expect(session.wire.requests.map(({ headers }) => [headers["x-a"], headers["x-b"]])).toEqual([
      ["1", "2"],
      ["1", "2"],
    ]);
  });

  it("several values of one name arrive as several", async () => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    await status(request(session.wire.origin, { dispatcher: client, headers: { "x-a": ["1", "2"] } }));
    await status(request(session.wire.origin, { dispatcher: client, headers: ["x-a", "1", "x-a", "2"] }));

    expect(session.wire.requests.map(({ headers }) => headers["x-a"])).toEqual(["1, 2", "1, 2"]);
  });

  const own: [string, string][] = [["AUTHORIZATION", "Basic bWU6cHc="]];
  it.each<[string, unknown]>([
    ["an object", Object.fromEntries(own)],
    ["names and values in turn", own.flat()],
    ["a set of pairs", new Set([["x-a", "1"], ...own])],
    ["Headers", new Headers(own)],
    ["an iterator", new Map(own).entries()],
  ])("an Authorization of the caller's own in %s wins, and its 401 refreshes nothing", async (_name, headers) => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(request(session.wire.origin, { dispatcher: client, headers: anything(headers) }))).toBe(401);

    expect(session.wire.requests.map(({ headers: seen }) => seen.authorization)).toEqual(["Basic bWU6cHc="]);
    expect(session.refreshes()).toBe(0);
  });

  it("authorization: undefined opts out: the request has none, and its 401 refreshes nothing", async () => {
    await using session = await startWireSession();
    const client = new Agent().compose(bearerOf(session));

    expect(await status(request(session.wire.origin, { dispatcher: client, headers: { authorization: undefined } }))).toBe(401);

    expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined]);
    expect(session.refreshes()).toBe(0);
  });

  const secret = "callers-own-secret";
  it.each<[string, () => unknown]>([
    ["text", () => secret],
    ["a list of pairs", () => [["x-a", secret]]],
    ["two pairs in a list", () => [...pairs, ["x-c", secret], ["x-d", secret]]],
    ["a list without an end", () => ["x-a", secret, "x-b"]],
    ["a set of texts", () => new Set([secret])],
    ["an iterator over pairs of odd shape", () => [["x-a", secret, "more"]].values()],
    ["a number", () => 7],
  ])("%s: what undici refuses is refused in its own words, and nothing is sent", async (_name, make) => {
    await using session = await startWireSession();
    const errorOf = (dispatcher: Dispatcher): Promise<string> =>
      request(session.wire.origin, { dispatcher, headers: anything(make()) }).then(String, String);

    const theirs = await errorOf(new Agent());

    expect(await errorOf(new Agent().compose(bearerOf(session)))).toBe(theirs);
    expect(theirs).toMatch(/Error/);
    expect(theirs).not.toContain(secret);
    expect(session.wire.requests).toHaveLength(0);
  });
});
