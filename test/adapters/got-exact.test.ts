import { once } from "node:events";
import { createServer } from "node:net";
import { createTokenCache, LoginRequiredError, type AdapterEvent, type AuthorizationScheme, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type Got, type NormalizedOptions, type PlainResponse, type RequestError } from "got";
import type * as gots from "got";
import * as lowest from "got-lowest";
import { describe, expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { findCanary } from "./canary.ts";
import { rejection } from "./got-session.ts";
import { startWireApi, type WireApi } from "./wire-session.ts";

const canary = "canary-of-got";

function counting(): TokenCache {
  let count = 0;
  return createTokenCache({ source: async () => ({ access_token: String((count += 1)) }) });
}

type Options = NonNullable<Parameters<typeof bearer>[1]>;
const attached = ({ origin }: WireApi, tokens: Parameters<typeof bearer>[0], options: Options = {}, more: ExtendOptions = {}): Got =>
  got.extend({ retry: { limit: 0 }, ...more }, bearer(tokens, { origins: origin, ...options }));

it("line 112: headers that the caller reuses arrive as they were at each call, the first time and the second", async () => {
  await using wire = await startWireApi((token) => token !== "1");
  const client = attached(wire, counting());
  const headers: Record<string, string | string[]> = {};

  const calls = ["A", "B", "C"].map((order) => {
    headers["x-order"] = order;
    headers["x-list"] = [order];
    return client.post(wire.origin, { headers, json: order });
  });
  headers["x-order"] = "late";

  expect((await Promise.all(calls)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  const seen = wire.requests.map((one) => `${String(one.headers["x-order"])}${String(one.headers["x-list"])}${one.body.toString()}`);
  expect(seen.toSorted()).toEqual(["A", "A", "B", "B", "C", "C"].map((order) => `${order}${order}"${order}"`));
});

describe("line 116: what a call rejects with holds no token, in the moment when it does", { timeout: 60_000 }, () => {
  const tokens = createTokenCache({ source: async () => ({ access_token: canary, expires_in: 600 }) });

  it.each(["GET", "POST"] as const)("%s over TLS to a server without, and an answer of 101 that nobody asked for", async (method) => {
    await using plain = await startLoopback(() => (_request, response) => void response.end("ok"));
    const upgrading = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"));
    }).listen(0, "127.0.0.1");
    await once(upgrading, "listening");
    const { port } = upgrading.address() as { port: number };
    const urls = [plain.origin.replace("http:", "https:"), `http://127.0.0.1:${port}`];

    for (const copy of [got, lowest.default as unknown as Got]) {
      // To an answer of 101, a got without any adapter never settles before version 16.
      for (const url of copy === got ? urls : urls.slice(0, 1)) {
        const held: unknown[] = [];
        const client = copy.extend(bearer(tokens, { origins: urls }), {
          retry: { limit: 0 },
          timeout: { request: 200 },
          hooks: { beforeError: [(error) => (held.push([...findCanary(error, canary)]), error)] },
        });

        const error: RequestError = await rejection(client(url, { method, ...(method === "POST" ? { json: {} } : {}) }));

        expect(held, url).toEqual([[]]);
        expect(findCanary(error, canary), url).toEqual([]);
      }
    }
    upgrading.close();
  });
});

describe("line 124: another copy of got than the adapter's peer", () => {
  const { default: other, HTTPError, RequestError: OtherRequestError, RetryError } = lowest as unknown as typeof gots;
  const extended = ({ origin }: WireApi, tokens: TokenCache, more: ExtendOptions = {}): Got =>
    other.extend({ retry: { limit: 0 }, ...more }, bearer(tokens, { origins: origin }));

  it("a refused request is replayed once, and no hook sees the replay", async () => {
    await using wire = await startWireApi((token) => token !== "1");
    const told: string[] = [];
    const hooks: ExtendOptions["hooks"] = {
      init: [() => void told.push("init")],
      beforeRequest: [() => void told.push("beforeRequest")],
      beforeRetry: [(error) => void told.push(`beforeRetry ${error instanceof RetryError}`)],
      afterResponse: [(response) => (told.push(`afterResponse ${response.statusCode}`), response)],
    };
    const tokens = counting();
    await tokens.save({ access_token: "good" });
    await extended(wire, tokens, { hooks }).post(wire.origin, { json: { a: 1 } });
    const expected = told.splice(0);

    await extended(wire, counting(), { hooks }).post(wire.origin, { json: { a: 1 } });

    expect(told).toEqual(expected);
    expect(wire.requests.map(({ token, body }) => [token, body.toString()])).toEqual([
      ["good", '{"a":1}'],
      ["1", '{"a":1}'],
      ["2", '{"a":1}'],
    ]);
  });

  it("a final refusal is an HTTPError of the caller's copy", async () => {
    await using wire = await startWireApi(() => false);

    expect(await rejection(extended(wire, counting())(wire.origin))).toBeInstanceOf(HTTPError);

    expect(wire.requests).toHaveLength(2);
  });

  it("a timeout while a renewal hangs is a request error of the caller's copy, with the name and code of got's own", async () => {
    await using wire = await startWireApi(() => false);
    const tokens = createTokenCache({ source: () => new Promise(() => {}) });
    await tokens.save({ access_token: "1" });

    const error = await rejection(extended(wire, tokens, { timeout: { request: 100 } })(wire.origin));

    expect(error).toBeInstanceOf(OtherRequestError);
    expect(error).toMatchObject({ name: "TimeoutError", code: "ETIMEDOUT", event: "request" });
    expect(error.message).toBe("Timeout awaiting 'request' for 100ms");
  });

  it("a stream that is refused renews, so that the next one has a fresh token", async () => {
    await using wire = await startWireApi((token) => token !== "1");
    const tokens = counting();
    const read = async (): Promise<string> => {
      let text = "";
      for await (const chunk of extended(wire, tokens).stream(wire.origin)) text += String(chunk);
      return text;
    };

    await expect(read()).rejects.toBeInstanceOf(HTTPError);
    await expect.poll(async () => (await tokens.get()).accessToken).toBe("2");
    await read();

    expect(wire.requests.map(({ token }) => token)).toEqual(["1", "2"]);
  });

  it("a form, which old versions read only once, keeps its refusal, and the next request has a fresh token", async () => {
    await using wire = await startWireApi((token) => token !== "1");
    const client = extended(wire, counting());
    const form = new FormData();
    form.set("order", "tea");

    expect(await rejection(client.post(wire.origin, { body: form }))).toBeInstanceOf(HTTPError);

    expect((await client(wire.origin)).statusCode).toBe(200);
    expect(wire.requests.map(({ method, token }) => `${method} ${token}`)).toEqual(["POST 1", "GET 2"]);
  });

  it("a request function of the caller's that gives nothing leaves it to got, with the token", async () => {
    await using wire = await startWireApi(() => true);
    for (const nothing of [() => undefined, async () => undefined]) {
      await extended(wire, counting(), { request: nothing as never })(wire.origin);
    }
    expect(wire.requests.map(({ token }) => token)).toEqual(["1", "1"]);
  });

  it("I133 a got that is too old is an error with the first request", () => {
    const { handlers } = bearer(counting(), { origins: "https://api.example.com" });
    // Before version 12 options were a plain object.
    expect(() => handlers[0]?.({ url: new URL("https://api.example.com"), headers: {} } as never, () => undefined as never)).toThrow(
      "extend: expected an instance of got 14.4 or later, got one of an older got.",
    );
  });
});

describe("line 121: got's cache and Vary: Authorization", () => {
  it("another user's login in the same token cache is not given the answer to the one before", async () => {
    await using wire = await startWireApi(
      () => true,
      ({ token }) => ({ status: 200, headers: { "cache-control": "public, max-age=60", vary: "Authorization" }, body: `for ${token}` }),
    );
    const tokens = counting();
    const client = attached(wire, tokens, {}, { cache: new Map() });
    const ask = async (): Promise<string> => (await client(wire.origin)).body;
    await tokens.save({ access_token: "anna" });
    expect([await ask(), await ask()]).toEqual(["for anna", "for anna"]);

    await tokens.save({ access_token: "ben" });

    expect([await ask(), await ask()]).toEqual(["for ben", "for ben"]);
    expect(wire.requests.map(({ token }) => token)).toEqual(["anna", "ben"]);
  });

  it("a selector that gives a promise has the cache kept apart as well", async () => {
    await using wire = await startWireApi(
      () => true,
      ({ token }) => ({ status: 200, headers: { "cache-control": "public, max-age=60" }, body: `for ${token}` }),
    );
    const users = { anna: counting(), ben: counting() };
    await users.anna.save({ access_token: "anna" });
    await users.ben.save({ access_token: "ben" });
    const select = async ({ context }: NormalizedOptions): Promise<TokenCache> => users[context["user"] as keyof typeof users];
    const client = attached(wire, select, {}, { cache: new Map() });

    for (const user of ["anna", "ben", "anna", "ben"]) expect((await client(wire.origin, { context: { user } })).body).toBe(`for ${user}`);

    expect(wire.requests).toHaveLength(2);
  });

  it.each(["get", "set", "delete", "clear"])("line 137: a cache without %s is refused as got refuses it", async (name) => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const outcome = async (client: Got): Promise<string> => {
      const cache = { get: () => undefined, set: () => undefined, delete: () => true, clear: () => undefined, [name]: undefined };
      return client(wire.origin, { cache: cache as never, retry: { limit: 0 } }).then(
        ({ statusCode }) => String(statusCode),
        ({ name: kind, code, message }: RequestError) => `${kind} ${code} ${message}`,
      );
    };

    expect(await outcome(attached(wire, counting()))).toBe(await outcome(got));
  });
});

describe("lines 125 to 129", () => {
  const apiKey: AuthorizationScheme = ({ accessToken }) => ({ "x-api-key": accessToken });
  const namedApiKey: AuthorizationScheme = Object.assign<AuthorizationScheme, { fields: string[] }>((...given) => apiKey(...given), {
    fields: ["X-API-Key"],
  });

  it.each<[string, ExtendOptions]>([
    ["given", { headers: { "X-Api-Key": "callers" } }],
    ["set by a hook", { hooks: { beforeRequest: [({ headers }) => void (headers["x-api-key"] = "callers")] } }],
  ])("the caller's own field wins for every scheme, %s", async (_name, options) => {
    for (const scheme of [apiKey, namedApiKey]) {
      await using wire = await startWireApi(
        () => true,
        () => ({ status: 200 }),
      );
      const events: AdapterEvent[] = [];

      await attached(wire, counting(), { scheme, observe: (event) => events.push(event) }, options)(wire.origin);

      expect(wire.requests.map(({ headers }) => headers["x-api-key"])).toEqual(["callers"]);
      expect(events).toEqual([{ type: "request-without-token", origin: wire.origin, reason: "own-credentials" }]);
    }
  });

  it("with a scheme of another field, got's cache sends no mark of ours, and the caller's Authorization stays", async () => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const client = attached(wire, counting(), { scheme: namedApiKey }, { cache: new Map() });

    await client(`${wire.origin}/one`);
    await client(`${wire.origin}/two`, { headers: { authorization: "Basic mine" } });

    expect(wire.requests.map(({ headers }) => [headers.authorization, headers["x-api-key"]])).toEqual([
      [undefined, "1"],
      ["Basic mine", "1"],
    ]);
  });

  it("a placeholder is taken off where the token is put on, the second time, behind redirects and with a cache, too, and stays elsewhere", async () => {
    await using other = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    await using wire = await startWireApi(
      (token) => token !== "1",
      ({ url, isGood }) => (isGood ? { status: url === "/moved" ? 302 : 200, headers: { location: "/target" } } : { status: 401 }),
    );
    const placeholder = { authorization: "Bearer tokenflight", "x-api-key": "tokenflight" };
    for (const cache of [undefined, new Map()]) {
      const client = attached(wire, counting(), { placeholder }, { headers: placeholder, cache: cache as never });
      await client(`${wire.origin}/moved`);
      await client(other.origin);
    }

    const seen = ["Bearer 1", "Bearer 2", "Bearer 2"].map((authorization) => [authorization, undefined]);
    expect(wire.requests.map(({ headers }) => [headers.authorization, headers["x-api-key"]])).toEqual([...seen, ...seen]);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer tokenflight", "Bearer tokenflight"]);
  });

  it("nobody is logged in: an error, or a request without a token where the caller wants it, with a cache, too", async () => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const nobody = createTokenCache({ source: async () => Promise.reject(new LoginRequiredError("Nobody is logged in.")) });
    await nobody.forget();

    expect(await rejection(attached(wire, nobody)(wire.origin))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    for (const cache of [undefined, new Map()]) {
      const client = attached(wire, nobody, { loggedOut: "send" }, { cache: cache as never });
      expect((await client(wire.origin)).statusCode).toBe(200);
    }

    expect(wire.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it("a selector may give a promise: of a cache, of none, or one that fails; the caller's signal and timeout end the wait", async () => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const tokens = counting();

    for (const give of [async () => tokens, async () => undefined]) await attached(wire, give)(wire.origin);
    const failing = attached(wire, async () => Promise.reject(Object.assign(new Error("no user"), { code: "ECONNRESET" })));
    expect(await rejection(failing(wire.origin, { retry: { limit: 2 } }))).toMatchObject({ cause: { cause: { message: "no user" } } });
    const waiting = attached(wire, () => new Promise(() => {}));
    expect(await rejection(waiting(wire.origin, { timeout: { request: 50 } }))).toMatchObject({ code: "ETIMEDOUT" });
    const leaving = new AbortController();
    const call = waiting(wire.origin, { signal: leaving.signal });
    leaving.abort();
    expect(await rejection(call)).toMatchObject({ name: "AbortError" });

    expect(wire.requests.map(({ token }) => token)).toEqual(["1", undefined]);
  });

  it("what became of a replay is told", async () => {
    for (const [answer, outcome] of [
      ["fine", "accepted"],
      ["no", "refused"],
      ["reset", "failed"],
    ] as const) {
      await using wire = await startWireApi(
        () => true,
        ({ token }, response) => {
          if (token === "1" || answer === "no") return { status: 401 };
          return answer === "reset" ? void response.destroy() : { status: 200 };
        },
      );
      const events: AdapterEvent[] = [];
      const refused = ({ statusCode }: PlainResponse): boolean => statusCode === 401;

      await attached(wire, counting(), { observe: (event) => events.push(event), refused })(wire.origin).catch(() => {});

      expect(events).toEqual([{ type: "request-replayed", origin: wire.origin, outcome }]);
    }
  });
});
