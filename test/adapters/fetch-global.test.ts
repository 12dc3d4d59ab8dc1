import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import ky from "ky";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";
import { startWireSession, type WireSession } from "./wire-session.ts";

const original = globalThis.fetch;
let session: WireSession;
beforeEach(async () => {
  session = await startWireSession();
});
afterEach(async () => {
  globalThis.fetch = original;
  await session[Symbol.asyncDispose]();
});

const attached = (fetch: FetchFunction = globalThis.fetch): typeof globalThis.fetch =>
  bearer(session.tokens, { origins: session.wire.origin })(fetch) as typeof globalThis.fetch;

/** Ways in which an instrumentation hands on what it was called with. */
const instrumentations: [string, (beneath: typeof fetch) => typeof fetch][] = [
  ["at once, as it came", (beneath) => (input, init) => beneath(input, init)],
  ["in a copy of init", (beneath) => (input, init) => beneath(input, { ...init })],
  [
    "later",
    (beneath) => async (input, init) => {
      await Promise.resolve();
      return beneath(input, init);
    },
  ],
  ["as a Request", (beneath) => (input, init) => beneath(new Request(input, init))],
  [
    "with a field of its own in the headers that it was given",
    (beneath) => (input, init) => {
      const headers = init?.headers;
      if (headers instanceof Headers) headers.append("x-trace", "1");
      else if (Array.isArray(headers)) headers.push(["x-trace", "1"]);
      else if (headers !== undefined) (headers as Record<string, string>)["x-trace"] = "1";
      return beneath(input, init);
    },
  ],
];

describe("the global fetch is looked up late (field line 118)", () => {
  it("a mock that comes after is called, refused and called again, and nothing reaches the network", async () => {
    const tokens = countingTokens();
    const send = bearer(tokens, { origins: session.wire.origin })(globalThis.fetch);
    const api = ky.create({ prefix: session.wire.origin, retry: 0 }).extend(kyBearer(tokens));
    const seen: (string | null)[] = [];
    using _mock = vi.spyOn(globalThis, "fetch").mockImplementation(async (...call) => {
      const authorization = new Request(...call).headers.get("authorization");
      seen.push(authorization);
      return new Response("{}", { status: authorization === (seen.length < 3 ? "Bearer 1" : "Bearer 2") ? 401 : 200 });
    });
    expect((await send(session.wire.origin)).status).toBe(200);
    expect((await api.get("orders")).status).toBe(200);

    expect(seen).toEqual(["Bearer 1", "Bearer 2", "Bearer 2", "Bearer 3"]);
    expect(session.wire.requests).toEqual([]);
  });

  it("calls made without a token go to it, too", async () => {
    const send = attached();
    using mock = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());

    await send("https://other.example/");
    await send(session.wire.origin, { headers: { authorization: "Bearer mine" } });

    expect(mock).toHaveBeenCalledTimes(2);
  });

  it("a function of the caller's own is called even if it is global later", async () => {
    const calls: string[] = [];
    const own: FetchFunction = async () => {
      calls.push("own");
      return new Response();
    };
    const send = attached(own);
    globalThis.fetch = own as typeof fetch;
    const kept = attached((input, init) => own(input, init));
    globalThis.fetch = async () => {
      calls.push("other");
      return new Response();
    };

    await send(session.wire.origin);
    await kept(session.wire.origin);

    expect(calls).toEqual(["own", "own"]);
  });
});

describe("globalThis.fetch = bearer(...)(globalThis.fetch)", () => {
  it("has the token and does not call itself", async () => {
    globalThis.fetch = attached();
    await session.revoke();

    expect((await fetch(session.wire.origin, { method: "POST", body: "order" })).status).toBe(200);
    await fetch("http://127.0.0.1:9/").catch(() => {});

    expect(session.wire.requests.map(({ isGood }) => isGood)).toEqual([false, true]);
    expect(session.refreshes()).toBe(1);
  });

  const moments = instrumentations.flatMap(([name, wrap]) => [
    { name, wrap, when: "later" },
    // One that comes in the very same moment, and is asynchronous, and makes a Request, would lead in a circle.
    ...(name === "as a Request" ? [] : [{ name, wrap, when: "in the same moment" }]),
  ]);
  it.each(moments)(
    "with an instrumentation around it, put in place $when, that hands on $name: one request each, with the token, the replay, too",
    async ({ wrap, when }) => {
      const ours = attached();
      globalThis.fetch = ours;
      if (when === "later") await Promise.resolve();
      globalThis.fetch = wrap(ours);
      await session.revoke();

      expect((await globalThis.fetch(`${session.wire.origin}/one`, { method: "POST", body: "order" })).status).toBe(200);
      expect((await globalThis.fetch(`${session.wire.origin}/two`)).status).toBe(200);
      expect((await ours(`${session.wire.origin}/three`)).status).toBe(200);

      expect(session.wire.requests.map(({ url, isGood }) => [url, isGood])).toEqual([
        ["/one", false],
        ["/one", true],
        ["/two", true],
        ["/three", true],
      ]);
    },
  );
});

describe("a function that leads back without a mark: it makes a Request, and goes on later", () => {
  /** Calls what was made of the global function before, and counts. */
  function leadBack(send: FetchFunction): () => number {
    let count = 0;
    globalThis.fetch = async (input, init) => {
      count += 1;
      const request = new Request(input, init);
      await Promise.resolve();
      return send(request);
    };
    return () => count;
  }

  it.each<[string, (origin: string) => string]>([
    ["to the API", (origin) => origin],
    ["to elsewhere", (origin) => origin.replace("127.0.0.1", "localhost")],
  ])("a request %s is sent all the same, and the next one takes no more rounds", async (_name, url) => {
    const count = leadBack(attached());
    const to = url(session.wire.origin);

    await globalThis.fetch(to, { method: "POST", body: "order" });
    // It was called by the program, and by us before we knew it.
    expect(count()).toBe(2);
    await globalThis.fetch(to, { method: "POST", body: "order" });
    expect(count()).toBe(3);

    expect(session.wire.requests.map(({ body, isGood }) => [body.toString(), isGood])).toEqual(
      Array.from({ length: 2 }, () => ["order", to === session.wire.origin]),
    );
  });

  it("a request that fails ends, too", async () => {
    const count = leadBack(attached());

    for (let round = 0; round < 2; round += 1) await expect(globalThis.fetch("http://127.0.0.1:1/")).rejects.toThrow("fetch failed");

    expect(count()).toBe(3);
  });
});

it("10,000 requests at once go to a global function that leads nowhere back", async () => {
  const send = attached();
  const gate = Promise.withResolvers<Response>();
  let count = 0;
  globalThis.fetch = async () => {
    count += 1;
    await gate.promise;
    return new Response("mine");
  };
  const calls = Array.from({ length: 10_000 }, () => send("https://other.example/"));
  gate.resolve(new Response());
  expect(new Set(await Promise.all((await Promise.all(calls)).map((response) => response.text())))).toEqual(new Set(["mine"]));
  expect(await (await send("https://other.example/")).text()).toBe("mine");
  expect(count).toBe(10_001);
});

describe("two attachments, of which one is global: the request gets the token of its own origin, and once", () => {
  it.each<[string, (b: FetchFunction, beneath: FetchFunction, origin: string) => FetchFunction]>([
    ["itself", (b) => b],
    ["beneath an instrumentation", (b) => (input, init) => b(input, { ...init })],
    ["by way of a router", (b, beneath, origin) => (input, init) => ((input as string).startsWith(origin) ? b : beneath)(input, init)],
  ])("%s", async (_name, put) => {
    await using other = await startWireSession();
    const a = attached();
    const b = bearer(other.tokens, { origins: other.wire.origin })(original);
    globalThis.fetch = put(b, original, other.wire.origin) as typeof fetch;
    await Promise.resolve();

    for (let round = 0; round < 2; round += 1) {
      expect((await a(`${other.wire.origin}/b`)).status).toBe(200);
      expect((await a(`${session.wire.origin}/a`)).status).toBe(200);
      expect((await globalThis.fetch(`${other.wire.origin}/b`)).status).toBe(200);
    }

    expect(other.wire.requests.map(({ isGood }) => isGood)).toEqual([true, true, true, true]);
    expect(session.wire.requests.map(({ isGood }) => isGood)).toEqual([true, true]);
  });
});

describe.each(instrumentations)("an instrumented global fetch that hands on %s", (_name, wrap) => {
  it.each<[string, () => HeadersInit]>([
    ["a record", () => ({ "x-a": "1" })],
    ["pairs", () => [["x-a", "1"]]],
    ["Headers", () => new Headers({ "x-a": "1" })],
  ])("gets %s as the caller gave it, the second time, too", async (_form, make) => {
    globalThis.fetch = wrap(original);
    const send = attached();
    await session.revoke();
    const headers = make();

    expect((await send(session.wire.origin, { method: "POST", body: "order", headers })).status).toBe(200);

    expect(session.wire.requests.map(({ body, headers: seen }) => [body.toString(), seen["x-a"]])).toEqual([
      ["order", "1"],
      ["order", "1"],
    ]);
    const [first, second] = session.wire.requests;
    expect(second?.headers["x-trace"]).toBe(first?.headers["x-trace"]);
    expect([...new Headers(headers).keys()]).toEqual(["x-a"]);
  });
});

it("the function that comes out has the name and the length of the one that went in (field line 137)", () => {
  const named = async function orders(_input: unknown, _init: unknown, _more: unknown): Promise<Response> {
    return new Response();
  };
  for (const fetch of [globalThis.fetch, named, async () => new Response()] as FetchFunction[]) {
    const wrapped = attached(fetch);
    expect([wrapped.name, wrapped.length]).toEqual([fetch.name, fetch.length]);
  }
});
