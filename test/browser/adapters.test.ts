import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startLoopback, type Handler, type Loopback } from "../servers/loopback.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import type { Tab } from "./browsers.ts";
import { allowPages, withCors } from "./cors.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import type { Asked, ClientName, Outcome } from "./pages/adapters.ts";

const clients: readonly ClientName[] = ["fetch", "fetch with a Request", "ky", "axios over xhr", "axios over fetch"];
const bodies = ["text", "bytes", "a Blob", "a file", "parameters", "a form"] as const;

/** What the servers know. */
interface Servers extends AsyncDisposable {
  readonly pages: Loopback;
  readonly api: ResourceApi;
  /** Where the page finds the API: at another origin than its own. */
  readonly resources: Loopback;
  /** May have no token. */
  readonly foreign: Loopback;
  /** Refuses every token, and lets pages see nothing of that. */
  readonly gateway: Loopback;
  readonly seen: {
    source: number;
    isGood: boolean;
    status: number;
    wait: Promise<unknown>;
    foreign: (string | undefined)[];
    refused: number;
  };
}

async function startServers(): Promise<Servers> {
  const seen: Servers["seen"] = { source: 0, isGood: true, status: 200, wait: Promise.resolve(), foreign: [], refused: 0 };
  const source: Handler = async (request, response) => {
    if (request.url !== "/token") return void response.writeHead(404).end();
    seen.source += 1;
    const token = { access_token: `a-${seen.source}`, expires_in: 600 };
    await seen.wait;
    seen.isGood = true;
    response.writeHead(seen.status, { "content-type": "application/json" }).end(JSON.stringify(token));
  };
  const api = await startResourceApi({ isActive: (token) => seen.isGood && token === `a-${seen.source}` });
  const [pages, resources, foreign, gateway] = await Promise.all([
    servePages(["adapters"], source),
    withCors(api),
    startLoopback(() => (request, response) => {
      if (allowPages(request, response)) return;
      seen.foreign.push(request.headers.authorization);
      response.end("foreign");
    }),
    startLoopback(() => (request, response) => {
      if (request.method === "OPTIONS") return void allowPages(request, response);
      seen.refused += 1;
      response.writeHead(401).end();
    }),
  ]);
  const all = [api, pages, resources, foreign, gateway];
  return {
    pages,
    api,
    resources,
    foreign,
    gateway,
    seen,
    [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((server) => server.close()))),
  };
}

/** Each form that is sent has a boundary of its own, which is its first line, and in Firefox of another length. */
function withoutBoundary(outcome: Outcome): unknown {
  if (!("text" in outcome) || !outcome.text.startsWith("{")) return outcome;
  const { method, url, body } = JSON.parse(outcome.text) as { method: string; url: string; body: string };
  const [, boundary] = /^--(\S+)\r\n/.exec(body) ?? [];
  return boundary === undefined ? outcome : { ...outcome, text: { method, url, body: body.replaceAll(boundary, "boundary") } };
}

inEachBrowser("what adapters keep", ({ browser }) => {
  let servers: Servers;
  let tab: Tab;
  beforeAll(async () => {
    servers = await startServers();
    tab = await browser.open(`${servers.pages.origin}/adapters.html`);
  }, 60_000);
  afterAll(() => servers?.[Symbol.asyncDispose]());

  const send = (asked: Asked): Promise<Outcome> => tab.run((given) => adapters.send(given), asked);
  const sendPlain = (asked: Asked): Promise<Outcome> => tab.run((given) => adapters.sendPlain(given), asked);
  const storm = (asked: Asked): Promise<Record<string, number>> => tab.run((given) => adapters.storm(given, 50), asked);
  const getToken = (): Promise<string> => tab.run(async () => (await adapters.tokens.get()).accessToken);
  const at = (path: string): string => `${servers.resources.origin}${path}`;
  const authorizations = (): (string | undefined)[] => servers.api.requests.map(({ authorization }) => authorization);

  describe.each(clients)("%s", (client) => {
    beforeEach(async () => {
      servers.api.reset();
      Object.assign(servers.seen, { source: 0, isGood: true, status: 200, wait: Promise.resolve(), foreign: [], refused: 0 });
      await tab.run((...given) => adapters.start(...given), client, servers.resources.origin, `${servers.pages.origin}/token`);
    });

    it("50 requests with a token that has expired: one new token", async () => {
      await tab.run(async () => void (await adapters.tokens.save({ access_token: "old", expires_at: 1_577_836_800 })));
      expect(await storm({ url: at("/orders") })).toEqual({ 200: 50 });
      expect([servers.seen.source, new Set(authorizations())]).toEqual([1, new Set(["Bearer a-1"])]);
    });

    it("50 requests whose token is refused: one new token, and each sent once more", async () => {
      await getToken();
      servers.seen.isGood = false;
      expect(await storm({ url: at("/orders"), body: "text" })).toEqual({ 200: 50 });
      expect(servers.seen.source).toBe(2);
      expect(servers.api.total).toMatchObject({ requests: servers.api.total.refused + 50 });
      expect(servers.api.total.refused).toBeLessThanOrEqual(50);
    });

    it.each(bodies)("a refused request is sent again with its whole body: %s", async (body) => {
      await getToken();
      servers.seen.isGood = false;
      const outcome = await send({ url: at("/orders"), body });
      const [refused, taken] = servers.api.requests;
      expect(servers.api.requests.map(({ status, authorization }) => [status, authorization])).toEqual([
        [401, "Bearer a-1"],
        [200, "Bearer a-2"],
      ]);
      // The boundary of a form has another length each time in Firefox.
      if (body !== "a form") expect(taken?.bodyLength).toBe(refused?.bodyLength);
      const expected = await sendPlain({ url: at("/orders"), body, headers: { authorization: "Bearer a-2" } });
      expect(withoutBoundary(outcome)).toEqual(withoutBoundary(expected));
    });

    it("a stream as a body comes to what it comes to without us", async () => {
      const token = await getToken();
      const expected = await sendPlain({ url: at("/orders"), body: "a stream", headers: { authorization: `Bearer ${token}` } });
      expect(await send({ url: at("/orders"), body: "a stream" })).toEqual(expected);
    });

    it("a refusal that has another reason stays, and no token is renewed", async () => {
      const url = at(`/status/401?challenge=${encodeURIComponent('Bearer error="insufficient_scope"')}`);
      expect(await send({ url })).toMatchObject({ status: 401 });
      expect([servers.seen.source, servers.api.requests.length]).toEqual([1, 1]);
    });

    it("a token that cannot be renewed: the caller gets the refusal with its body", async () => {
      await getToken();
      Object.assign(servers.seen, { isGood: false, status: 500 });
      const outcome = await send({ url: at("/orders") });
      expect(outcome).toEqual({ status: 401, text: expect.stringContaining("unauthorized") });
      expect(servers.api.requests).toHaveLength(1);
    });

    it("a replay that is refused, too, is the last one", async () => {
      servers.api.refuseAll();
      expect(await send({ url: at("/orders"), body: "text" })).toMatchObject({ status: 401 });
      expect([servers.seen.source, servers.api.requests.length]).toEqual([2, 2]);
    });

    it("a late refusal of a token that was replaced already: sent again without a new one", async () => {
      await getToken();
      servers.seen.isGood = false;
      const held = servers.api.hold(({ url }) => url === "/late");
      await tab.run((url) => void (adapters.later = [adapters.send({ url })]), at("/late"));
      await held.arrived();
      expect(await send({ url: at("/early") })).toMatchObject({ status: 200 });
      held.release();
      expect(await tab.run(() => adapters.later[0])).toMatchObject({ status: 200 });
      expect(servers.seen.source).toBe(2);
    });

    it("another origin gets no token, nor does one that a redirect leads to", async () => {
      const url = `${servers.foreign.origin}/`;
      expect(await send({ url })).toEqual({ status: 200, text: "foreign" });
      expect(servers.seen.source).toBe(0);
      expect(await send({ url: at(`/redirect?to=${encodeURIComponent(url)}`) })).toEqual({ status: 200, text: "foreign" });
      expect(servers.seen.foreign).toEqual([undefined, undefined]);
      expect(authorizations()).toEqual(["Bearer a-1"]);
    });

    it("a redirect within the origin keeps the token, and a read that is refused behind it is sent again", async () => {
      await getToken();
      servers.seen.isGood = false;
      const url = at(`/redirect?to=${encodeURIComponent(at("/orders"))}`);
      expect(await send({ url })).toMatchObject({ status: 200 });
      expect(authorizations()).toEqual(["Bearer a-1", "Bearer a-2", "Bearer a-2"]);
    });

    it("the caller's own credentials win", async () => {
      expect(await send({ url: at("/orders"), headers: { authorization: "Basic dGVh" } })).toMatchObject({ status: 401 });
      expect([authorizations(), servers.seen.source]).toEqual([["Basic dGVh"], 0]);
      expect(await tab.run(() => adapters.events)).toEqual([
        { type: "request-without-token", origin: servers.resources.origin, reason: "own-credentials" },
      ]);
    });

    it("a caller who leaves while a token is awaited disturbs nobody", async () => {
      const asked = Promise.withResolvers<void>();
      servers.seen.wait = asked.promise;
      await tab.run((url) => void (adapters.later = [adapters.send({ url })]), at("/orders"));
      const left = await tab.run(async (url) => {
        const { signal } = adapters.leave;
        const leaving = [adapters.send({ url, signal }), adapters.sendPlain({ url, signal })];
        setTimeout(() => adapters.leave.abort(), 50);
        return Promise.all(leaving);
      }, at("/slow?ms=5000"));
      expect(left[0]).toEqual(left[1]);
      asked.resolve();
      expect(await tab.run(() => adapters.later[0])).toMatchObject({ status: 200 });
      expect(servers.seen.source).toBe(1);
      // The other one was sent without us.
      expect(authorizations().filter((sent) => sent !== undefined)).toEqual(["Bearer a-1"]);
    });

    it("a caller who leaves while the answer is awaited", async () => {
      await getToken();
      const held = servers.api.hold();
      await tab.run((url) => {
        const { signal } = adapters.leave;
        // A browser sends the same request again when the first is answered.
        adapters.later = [adapters.send({ url, signal }), adapters.sendPlain({ url: `${url}?plain`, signal })];
      }, at("/orders"));
      await held.arrived(2);
      const [left, plain] = await tab.run(() => {
        adapters.leave.abort();
        return Promise.all(adapters.later);
      });
      expect(left).toEqual(plain);
      held.release();
    });

    it("a refusal that the page may not see is the client's own error, and an event tells that it may be one", async () => {
      const { origin } = servers.gateway;
      await tab.run((...given) => adapters.start(...given), client, origin, `${servers.pages.origin}/token`);
      const outcomes = [await send({ url: `${origin}/` }), await send({ url: `${origin}/` })];
      const plain = await sendPlain({ url: `${origin}/` });
      expect(outcomes).toEqual([plain, plain]);
      expect([servers.seen.refused, servers.seen.source]).toEqual([3, 1]);
      expect(await tab.run(() => adapters.events)).toEqual([{ type: "request-unanswered", origin }]);
    });
  });
});
