import {
  createTokenCache,
  LoginRequiredError,
  memoryStore,
  type AdapterEvent,
  type AuthorizationScheme,
  type TokenCache,
} from "@tokenflight/core";
import { bearer, type BearerOptions, type UndiciResponse } from "@tokenflight/undici";
import { Agent, interceptors, request, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { startWireApi, type WireApi } from "./wire-session.ts";

function counting(delay = Promise.resolve()): TokenCache {
  let count = 0;
  return createTokenCache({
    async source() {
      await delay;
      return { access_token: String((count += 1)) };
    },
  });
}

const attached = (
  { origin }: WireApi,
  tokens: Parameters<typeof bearer>[0],
  options: BearerOptions<UndiciResponse> = {},
): Dispatcher.ComposedDispatcher => new Agent().compose(bearer(tokens, { origins: origin, ...options }));

async function status(call: Promise<Dispatcher.ResponseData>): Promise<number> {
  const { statusCode, body } = await call;
  await body.dump();
  return statusCode;
}

describe("line 112: what the caller reuses arrives as it was at each call, the first time and the second", () => {
  it.each<[string, () => unknown, (headers: never, order: string) => void]>([
    ["an object", () => ({}), (headers: Record<string, string>, order) => void (headers["x-order"] = order)],
    [
      "an object with a list",
      () => ({ "x-order": [] }),
      (headers: { "x-order": string[] }, order) => headers["x-order"].splice(0, 1, order),
    ],
    ["names and values in turn", () => ["x-order", ""], (headers: string[], order) => void (headers[1] = order)],
    ["a Map", () => new Map(), (headers: Map<string, string>, order) => void headers.set("x-order", order)],
  ])("headers in %s, and parameters", async (_name, make, change) => {
    await using wire = await startWireApi((token) => token !== "1");
    const dispatcher = attached(wire, counting());
    const headers = make();
    const query: Record<string, unknown> = { order: "", list: [""] };

    const calls = ["A", "B", "C"].map((order) => {
      change(headers as never, order);
      query["order"] = order;
      (query["list"] as string[])[0] = order;
      return request(wire.origin, { dispatcher, method: "POST", headers: headers as never, query, body: order });
    });
    change(headers as never, "late");
    query["order"] = "late";

    expect(await Promise.all(calls.map(status))).toEqual([200, 200, 200]);
    const seen = wire.requests.map((one) => `${String(one.headers["x-order"])} ${one.url} ${one.body.toString()}`).toSorted();
    expect(seen).toEqual(["A", "A", "B", "B", "C", "C"].map((order) => `${order} /?order=${order}&list=${order} ${order}`));
  });
});

it("line 112: a replay is what was given at the call, also when the token was fresh", async () => {
  await using wire = await startWireApi((token) => token !== "1");
  const tokens = counting();
  await tokens.get();
  const headers: Record<string, string> = { "x-order": "A" };
  const call = request(wire.origin, { dispatcher: attached(wire, tokens), headers });
  headers["x-order"] = "late";
  headers["x-more"] = "late";

  expect(await status(call)).toBe(200);

  expect(wire.requests.map((one) => [one.headers["x-order"], one.headers["x-more"]])).toEqual([
    ["A", undefined],
    ["A", undefined],
  ]);
});

it.each(["the token endpoint and the API on one connection", "each on its own"])(
  "line 115: a 401 while the result of a refresh is being written is replayed: %s",
  async (name) => {
    let valid = "t0";
    await using wire = await startWireApi(
      () => true,
      ({ url, token }) => {
        if (url !== "/token") return { status: token === valid ? 200 : 401 };
        valid = "t1";
        return { status: 200, body: JSON.stringify({ access_token: valid, expires_in: 100 }) };
      },
    );
    const agent = new Agent({ connections: 1 });
    const inner = memoryStore();
    const gate = Promise.withResolvers<void>();
    const writing = Promise.withResolvers<void>();
    let isSlow = false;
    const store: typeof inner = Object.assign(Object.create(inner) as typeof inner, {
      async compareAndSet(...given: Parameters<typeof inner.compareAndSet>) {
        if (isSlow && given[2] !== undefined && !given[2].includes('"intent"')) {
          writing.resolve();
          await gate.promise;
        }
        return inner.compareAndSet(...given);
      },
    });
    const tokens = createTokenCache({
      store,
      identity: "api",
      key: "user",
      async source() {
        const { body } = await request(`${wire.origin}/token`, { dispatcher: agent });
        return body.json() as never;
      },
    });
    await tokens.save({ access_token: "t0", expires_at: Date.now() / 1000 + 40 });
    const dispatcher = (name.startsWith("each") ? new Agent() : agent).compose(bearer(tokens, { origins: wire.origin }));
    isSlow = true;
    const refresh = tokens.get({ minValidity: 60 });
    await writing.promise;

    const call = status(request(`${wire.origin}/api`, { dispatcher }));
    await expect.poll(() => wire.requests.filter(({ url }) => url === "/api").length).toBe(1);
    gate.resolve();

    expect(await call).toBe(200);
    await refresh;
    await agent.close();
  },
);

describe("lines 125 to 129", () => {
  const apiKey: AuthorizationScheme = ({ accessToken }) => ({ "x-api-key": accessToken });
  const namedApiKey: AuthorizationScheme = Object.assign<AuthorizationScheme, { fields: string[] }>((...given) => apiKey(...given), {
    fields: ["X-API-Key"],
  });

  it.each<[string, () => unknown]>([
    ["an object", () => ({ "X-Api-Key": "callers" })],
    ["a list", () => ["X-API-KEY", "callers"]],
    ["a Map", () => new Map([["x-Api-key", "callers"]])],
  ])("the caller's own field wins for every scheme, in %s, also where the scheme does not say which it sets", async (_name, make) => {
    for (const scheme of [apiKey, namedApiKey]) {
      await using wire = await startWireApi(() => true);
      const events: AdapterEvent[] = [];
      const dispatcher = attached(wire, counting(), { scheme, observe: (event) => events.push(event) });

      await status(request(wire.origin, { dispatcher, headers: make() as never }));

      expect(wire.requests.map(({ headers }) => headers["x-api-key"])).toEqual(["callers"]);
      expect(events).toEqual([{ type: "request-without-token", origin: wire.origin, reason: "own-credentials" }]);
    }
  });

  it.each<[string, () => unknown]>([
    ["an object", () => ({ Authorization: "Bearer tokenflight", "X-A": "1" })],
    ["a list", () => ["AUTHORIZATION", "Bearer tokenflight", "X-A", "1"]],
    [
      "a Map",
      () =>
        new Map([
          ["authorization", "Bearer tokenflight"],
          ["X-A", "1"],
        ]),
    ],
  ])("a placeholder in %s is taken off where the token is put on, the second time, too, and stays elsewhere", async (_name, make) => {
    await using wire = await startWireApi((token) => token === "2");
    await using other = await startWireApi(() => true);
    const dispatcher = attached(wire, counting(), { placeholder: "Bearer tokenflight" });

    expect(await status(request(wire.origin, { dispatcher, headers: make() as never }))).toBe(200);
    await status(request(other.origin, { dispatcher, headers: make() as never }));

    expect(wire.requests.map(({ headers }) => [headers.authorization, headers["x-a"]])).toEqual([
      ["Bearer 1", "1"],
      ["Bearer 2", "1"],
    ]);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer tokenflight"]);
  });

  it("nobody is logged in: an error, or a request without a token where the caller wants it, with the placeholder that it has", async () => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const nobody = createTokenCache({ source: async () => Promise.reject(new LoginRequiredError("Nobody is logged in.")) });
    await nobody.forget();
    const placeholder = "Bearer tokenflight";
    const headers = { authorization: placeholder };

    await expect(request(wire.origin, { dispatcher: attached(wire, nobody) })).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    const dispatcher = attached(wire, nobody, { loggedOut: "send", placeholder });
    expect(await status(request(wire.origin, { dispatcher, headers }))).toBe(200);

    expect(wire.requests.map(({ headers: seen }) => seen.authorization)).toEqual([placeholder]);
  });

  it("a selector may give a promise: of a cache, of none, or one that fails; the caller's signal ends the wait", async () => {
    await using wire = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    const tokens = counting();

    for (const give of [async () => tokens, async () => undefined]) {
      expect(await status(request(wire.origin, { dispatcher: attached(wire, give) }))).toBe(200);
    }
    const failing = attached(wire, async () => Promise.reject(new Error("no user")));
    await expect(request(wire.origin, { dispatcher: failing })).rejects.toThrow("no user");
    const waiting = attached(wire, () => new Promise(() => {}));
    const leaving = new AbortController();
    const call = request(wire.origin, { dispatcher: waiting, signal: leaving.signal });
    leaving.abort(new Error("left"));
    await expect(call).rejects.toThrow("left");

    expect(wire.requests.map(({ token }) => token)).toEqual(["1", undefined]);
  });
});

it("line 121: compose(cache, bearer) gives nobody another's answer when the API says Vary: Authorization, be it public or not", async () => {
  for (const cacheControl of ["public, max-age=60", "max-age=60", "private, max-age=60", "s-maxage=60"]) {
    await using wire = await startWireApi(
      () => true,
      ({ token }) => ({ status: 200, headers: { "cache-control": cacheControl, vary: "Authorization" }, body: `for ${token}` }),
    );
    const users: Record<string, TokenCache> = {};
    const cacheOf = (name: unknown): TokenCache =>
      (users[String(name)] ??= createTokenCache({ source: async () => ({ access_token: String(name) }) }));
    const ours = bearer((given) => cacheOf((given as { opaque?: unknown }).opaque), { origins: wire.origin });
    const client = new Agent().compose(interceptors.cache(), ours);
    const ask = async (user: string): Promise<string> => {
      const { body } = await client.request({ origin: wire.origin, path: "/", method: "GET", opaque: user });
      return body.text();
    };

    for (const user of ["anna", "ben", "anna", "ben", "cleo"]) expect(await ask(user)).toBe(`for ${user}`);
  }
});
