import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWireSession, type WireSession } from "./wire-session.ts";

/*
 * What a global function calls the attached one with, while it is called by that and afterwards. Nothing may go round in a circle, and a request that may have
 * the token never goes without it.
 */

const original = globalThis.fetch;
let session: WireSession;
let events: unknown[];
let send: FetchFunction;
beforeEach(async () => {
  session = await startWireSession();
  events = [];
  send = attached();
});
afterEach(async () => {
  globalThis.fetch = original;
  await session[Symbol.asyncDispose]();
});

const attached = (): FetchFunction =>
  bearer(session.tokens, { origins: session.wire.origin, observe: (event) => events.push(event) })(globalThis.fetch) as FetchFunction;
const elsewhere = (): string => session.wire.origin.replace("127.0.0.1", "localhost");
const arrived = (): (readonly [string | undefined, boolean])[] => session.wire.requests.map(({ url, isGood }) => [url, isGood]);

/** Puts a global function in place, and counts its calls. One that is called without end fails. */
function putGlobal(work: FetchFunction): () => number {
  let count = 0;
  globalThis.fetch = (async (input: string | Request, init?: RequestInit) => {
    count += 1;
    if (count > 50) throw new Error("called without end");
    return work(input, init);
  }) as typeof fetch;
  return () => count;
}

const urlOf = (input: string | URL | Request): string => (input instanceof Request ? input.url : String(input));

/** Ways to hand a request on that is to another URL each time. */
const rewritings: [string, (input: string | URL | Request, init: RequestInit | undefined, url: string) => Parameters<FetchFunction>][] = [
  ["with the init that came", (_input, init, url) => [url, init]],
  ["with a copy of that", (_input, init, url) => [url, { ...init }]],
  ["as a Request", (input, init, url) => [new Request(url, input instanceof Request ? new Request(input, init) : init)]],
  ["as a Request without header fields", (_input, _init, url) => [new Request(url)]],
  ["without header fields", (_input, _init, url) => [url]],
];

describe.each(rewritings)("a global function that changes the URL each time, and hands it on %s", (_name, rewrite) => {
  it.each([
    { where: "the API", give: "a URL", when: "at once" },
    { where: "the API", give: "a Request", when: "later" },
    { where: "elsewhere", give: "a URL", when: "later" },
    { where: "elsewhere", give: "a Request", when: "at once" },
  ])("$when, for $give to $where: a request is one request, and ends", async ({ where, give, when }) => {
    const count = putGlobal(async (input, init) => {
      if (when === "later") await Promise.resolve();
      return send(...rewrite(input, init, `${urlOf(input)}+`));
    });
    const isHome = where === "the API";
    const url = `${isHome ? session.wire.origin : elsewhere()}/a`;

    for (let round = 1; round <= 3; round += 1) {
      await globalThis.fetch(give === "a URL" ? url : new Request(url));
      expect(session.wire.requests).toHaveLength(round);
      expect(count()).toBeLessThanOrEqual(2 * round);
    }

    expect(arrived().map(([, isGood]) => isGood)).toEqual([isHome, isHome, isHome]);
  });
});

describe("calls of the program's own that are made in a call of the global function", () => {
  const others: [string, (url: string) => Parameters<FetchFunction>][] = [
    ["the same URL", (url) => [url]],
    ["another URL", (url) => [`${url}/other`]],
    ["a Request for the same URL", (url) => [new Request(url)]],
    ["a Request for another URL", (url) => [new Request(`${url}/other`, { method: "POST", body: "span" })]],
  ];

  it.each(others)("%s, before that has answered: with the token, beneath the global function, which is called on", async (_name, other) => {
    const url = `${session.wire.origin}/a`;
    const statuses: number[] = [];
    const count = putGlobal(async (input, init) => {
      statuses.push((await send(...other(url))).status);
      return original(input, init);
    });

    for (let round = 1; round <= 2; round += 1) {
      expect((await send(url)).status).toBe(200);
      expect(count()).toBe(round);
    }

    expect(statuses).toEqual([200, 200]);
    expect(arrived().map(([, isGood]) => isGood)).toEqual([true, true, true, true]);
    expect(events).toEqual([]);
  });

  it.each(others)("%s, a refused one: replayed", async (_name, other) => {
    const url = `${session.wire.origin}/a`;
    const statuses: number[] = [];
    putGlobal(async (input, init) => {
      // The token request comes this way, too.
      if (!urlOf(input).startsWith(session.wire.origin)) return original(input, init);
      if (statuses.length === 0) await session.revoke();
      statuses.push((await send(...other(url))).status);
      return original(input, init);
    });

    statuses.push((await send(url)).status);

    expect(statuses).toEqual([200, 200, 200]);
  });

  it.each(others)("%s, after that has answered or failed: with the token, by way of the global function", async (_name, other) => {
    const url = `${session.wire.origin}/a`;
    for (const outcome of ["answers", "rejects", "throws"]) {
      let later: (<Result>(work: () => Result) => Result) | undefined;
      let count = 0;
      globalThis.fetch = ((input: string, init?: RequestInit) => {
        count += 1;
        if (later !== undefined) return original(input, init);
        later = AsyncLocalStorage.snapshot();
        if (outcome === "throws") throw new Error("no network");
        return outcome === "answers" ? original(input, init) : Promise.reject(new Error("no network"));
      }) as typeof fetch;
      await send(url).catch(() => {});

      for (let round = 2; round <= 4; round += 1) {
        expect((await later?.(() => send(...other(url))))?.status).toBe(200);
        expect(count).toBe(round);
      }
    }
    expect(arrived().every(([, isGood]) => isGood)).toBe(true);
    expect(events).toEqual([]);
  });
});

describe("an init that went through the global function", () => {
  it("has the token where that sends it to the API, and is handed on from then on, too", async () => {
    const count = putGlobal((input, init) =>
      urlOf(input).startsWith(elsewhere()) ? send(urlOf(input).replace(elsewhere(), session.wire.origin), init) : original(input, init),
    );

    for (let round = 1; round <= 2; round += 1) {
      expect((await send(`${elsewhere()}/asset`, { headers: { "x-a": "1" } })).status).toBe(200);
      expect(count()).toBe(round);
    }

    expect(session.wire.requests.map(({ url, isGood, headers }) => [url, isGood, headers["x-a"]])).toEqual([
      ["/asset", true, "1"],
      ["/asset", true, "1"],
    ]);
  });

  it("means nothing after the answer", async () => {
    const seen: (RequestInit | undefined)[] = [];
    const count = putGlobal((input, init) => {
      seen.push(init);
      return original(input, init);
    });
    await send(elsewhere(), { headers: { "x-a": "1" } });

    expect((await send(`${session.wire.origin}/again`, seen[0])).status).toBe(200);

    expect(count()).toBe(2);
    expect(arrived().at(-1)).toEqual(["/again", true]);
  });

  it.each([undefined, null, {}, { headers: { "x-a": "1" } }])("is the caller's %j beneath, and nothing more", async (init) => {
    const seen: unknown[] = [];
    globalThis.fetch = (async (...call) => {
      seen.push(call[1]);
      return new Response();
    }) as typeof fetch;
    const withTokens = attached();
    putGlobal((input, given) => withTokens(input, given));

    await withTokens(elsewhere(), init as RequestInit);

    expect(seen).toStrictEqual([init ?? {}]);
  });

  it.each<[string, (init: Record<string, unknown>) => void]>([
    ["another field", (init) => (init["headers"] = { "x-b": "2" })],
    ["one more member", (init) => (init["referrer"] = "")],
    ["one member less", (init) => delete init["body"]],
  ])("is beneath as the global function has changed it: %s", async (_name, change) => {
    const seen: unknown[] = [];
    globalThis.fetch = (async (...call) => {
      seen.push({ ...call[1] });
      return new Response();
    }) as typeof fetch;
    const withTokens = attached();
    putGlobal((input, init) => {
      change(init as Record<string, unknown>);
      return withTokens(input, init);
    });
    const init = { method: "POST", headers: { "x-a": "1" }, body: "order" };
    const expected = { ...init };
    change(expected);

    await withTokens(elsewhere(), init);

    expect(seen).toStrictEqual([expected]);
  });

  it("of a class of the caller's own is not taken for that of a call without one", async () => {
    class Init {
      method = "POST";
      body = "order";
    }
    putGlobal(async (input, init) => {
      await send(`${session.wire.origin}/span`);
      return original(input, init);
    });

    await send(elsewhere(), new Init());

    expect(session.wire.requests.map(({ method, body }) => [method, body.toString()])).toEqual([
      ["GET", ""],
      ["POST", "order"],
    ]);
  });
});
