import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import { bearer as fetchBearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import fc from "fast-check";
import makeFetchCookie from "fetch-cookie";
import got from "got";
import ky from "ky";
import nodeFetch, { Request as NodeFetchRequest } from "node-fetch";
import { Agent, fetch as undiciFetch, interceptors, Request as UndiciRequest, request, stream, type Dispatcher } from "undici";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repetitions } from "../setup/repetitions.ts";
import { tally } from "./tally.ts";

const secret = "token-that-stays-home";
const servers: Server[] = [];
/** How `/redirect` answers. */
let redirect = { status: 302, to: "/" };
/** Where requests arrived since the last spelling, and whether with the token. */
const arrivals: { at: string; hasToken: boolean }[] = [];

async function listen(): Promise<number> {
  const server = createServer(({ headers, rawHeaders, socket, url = "" }, response) => {
    // The port is where it arrived, whatever the request says of itself.
    const name = headers.host?.replace(/:\d*$/, "") ?? "";
    arrivals.push({ at: `${name}:${socket.localPort}`, hasToken: [url, ...rawHeaders].some((line) => line.includes(secret)) });
    if (url.startsWith("/redirect")) response.writeHead(redirect.status, { location: redirect.to, "set-cookie": "sid=1" });
    response.end();
  });
  server.keepAliveTimeout = 0;
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

let api = 0;
let other = 0;
beforeAll(async () => {
  api = await listen();
  other = await listen();
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const tokens = createTokenCache({ source: async () => ({ access_token: secret }) });

/** Sends a GET to a URL just as it is spelled. */
type Send = (url: string) => Promise<unknown>;
type Sender = [name: string, create: (origins: string) => Send];

const axiosSenders = ["http", "fetch"].flatMap((adapter): Sender[] => [
  [
    `axios with ${adapter}`,
    (origins) => {
      const instance = axios.create({ adapter, validateStatus: null });
      attachBearer(instance, tokens, { origins });
      return (url) => instance.get(url);
    },
  ],
  [
    `axios with ${adapter} and a base URL`,
    (origins) => {
      const instance = axios.create({ adapter, baseURL: origins, validateStatus: null });
      attachBearer(instance, tokens);
      return (url) => instance.get(url);
    },
  ],
]);

/** The functions that may be beneath, each with the class that its Requests are of. Some would take the token along to another port. */
const functions: [name: string, make: () => unknown, OwnRequest: unknown][] = [
  ["the platform's", () => globalThis.fetch, Request],
  ["undici's", () => undiciFetch, UndiciRequest],
  ["node-fetch", () => nodeFetch, NodeFetchRequest],
  ["fetch-cookie", () => makeFetchCookie(globalThis.fetch), Request],
  ["fetch-cookie around node-fetch", () => makeFetchCookie(nodeFetch as never), NodeFetchRequest],
];

const fetchSenders = functions.flatMap(([name, make, OwnRequest]): Sender[] => {
  const attached = (origins: string): FetchFunction => fetchBearer(tokens, { origins })(make() as FetchFunction);
  const requestOf = (url: string): Request => new (OwnRequest as typeof Request)(url);
  return [
    [`fetch over ${name}`, attached],
    [
      `fetch over ${name}, with a URL and init`,
      (origins) => {
        const send = attached(origins);
        return async (url) => send(new URL(url), { headers: [["x-a", "1"]] });
      },
    ],
    [
      `fetch over ${name}, with a Request`,
      (origins) => {
        const send = attached(origins);
        return async (url) => send(requestOf(url));
      },
    ],
    [
      `ky over ${name}`,
      (origins) => {
        const beneath = make() as FetchFunction;
        // ky gives a Request of the platform's, which is no Request to other functions. Such a function counts on it, for each hop.
        const split: FetchFunction = (input, init) => {
          const { url, method, headers, redirect: mode, signal } = input as Request;
          return beneath(url, { method, headers, redirect: mode, signal, ...init });
        };
        const whole = OwnRequest === Request ? beneath : split;
        return ky.create({ retry: 0, fetch: whole as typeof fetch }).extend(kyBearer(tokens, { origins }));
      },
    ],
  ];
});

const ofUndici = (name: string, send: (url: string, dispatcher: Dispatcher) => Promise<unknown>): Sender => [
  name,
  (origins) => {
    const redirects = interceptors.redirect({ maxRedirections: 5 });
    const dispatcher = new Agent().compose(redirects, undiciBearer(tokens, { origins }));
    return async (url) => send(url, dispatcher);
  },
];

/** Everything that takes a URL, and what it may have it added to. */
const senders: Sender[] = [
  ...axiosSenders,
  ["got", (origins) => got.extend({ retry: { limit: 0 } }, gotBearer(tokens, { origins }))],
  [
    "got, with a URL",
    (origins) => {
      const api = got.extend({ retry: { limit: 0 } }, gotBearer(tokens, { origins }));
      return async (url) => api(new URL(url));
    },
  ],
  ["got with a prefix", (origins) => got.extend({ retry: { limit: 0 }, prefixUrl: origins }, gotBearer(tokens, { origins }))],
  [
    "got.stream",
    (origins) => {
      const api = got.extend({ retry: { limit: 0 } }, gotBearer(tokens, { origins }));
      return async (url) => api.stream(url).resume().toArray();
    },
  ],
  ["ky with a base URL", (origins) => ky.create({ retry: 0, baseUrl: origins }).extend(kyBearer(tokens))],
  ["ky with a prefix", (origins) => ky.create({ retry: 0, prefix: origins }).extend(kyBearer(tokens))],
  ...fetchSenders,
  ofUndici("undici", async (url, dispatcher) => (await request(url, { dispatcher })).body.dump()),
  ofUndici("undici, with a URL", async (url, dispatcher) => (await request(new URL(url), { dispatcher })).body.dump()),
  ofUndici("undici's stream", (url, dispatcher) =>
    stream(url, { method: "GET", dispatcher }, () => new Writable({ write: (_chunk, _encoding, done) => done() })),
  ),
  ofUndici("undici's fetch with a dispatcher", async (url, dispatcher) => (await undiciFetch(url, { dispatcher })).arrayBuffer()),
];

/** Every host is this machine, in one spelling or another, so that whatever goes astray is seen. API and OTHER are ports. */
const names = [
  "127.0.0.1",
  "127.0.0.1",
  "localhost",
  "LocalHost",
  "127.1",
  "0x7f.1",
  "0177.0.0.1",
  "2130706433",
  "127.0.0.1.",
  "127。0。0。1",
];
const odd = fc.tuple(
  fc.constantFrom("http:", "HTTP:", "hTtP:", "", "http", " http:", "\thttp:", "ht\ntp:", "blob:http:", "javascript:http:"),
  fc.constantFrom("//", "//", "//", "/", "\\\\", "/\\", "///", "", "/\t/"),
  fc.constantFrom("", "", "", "user@", "user:pw@", "127.0.0.1:API@", "127.0.0.1:API\\@", "@", "127.0.0.1:API/@", "127.0.0.1:API#@"),
  fc.constantFrom(...names),
  fc.constantFrom(":API", ":OTHER", ":OTHER", ":0OTHER", "", ":"),
  fc.constantFrom(
    "",
    "/",
    "/x",
    "?http://127.0.0.1:API/",
    "#@127.0.0.1:API/",
    "\\x",
    "/../x",
    "@127.0.0.1:API/",
    "/\\127.0.0.1:API",
    ".127.0.0.1:API",
  ),
);
/** Most of these arrive. */
const usual = fc.tuple(
  fc.constantFrom("http:", "HTTP:", " http:", ""),
  fc.constantFrom("//", "//", "\\\\", "/\\"),
  fc.constantFrom("", "", "", "127.0.0.1%3AAPI@"),
  fc.constantFrom(...names),
  fc.constantFrom(":API", ":OTHER", ":OTHER", ":0OTHER"),
  fc.constantFrom("", "/", "/x", "?http://127.0.0.1:API/", "/redirect", "/../redirect"),
);
const spelling = fc.oneof(odd, usual).map((pieces) => pieces.join(""));

let arrived = 0;
const portsIn = (template: string): string => template.replaceAll("API", String(api)).replaceAll("OTHER", String(other));

describe.each(senders)("%s", (name, create) => {
  const spellings = tally(name, "spellings of a URL", "tokens off-origin");
  const requests = tally(name, "requests that arrived", "tokens off-origin");

  let foreign = 0;
  /** Sends, and looks where the token has gone. Most spellings are errors of the client's; what matters is what arrives. */
  async function look(send: Send, url: string): Promise<number> {
    arrivals.length = 0;
    await (async () => send(url))().catch(() => {});
    const strays = arrivals.filter(({ at, hasToken }) => hasToken && at !== `127.0.0.1:${api}`);
    spellings.count(strays.length);
    for (const arrival of arrivals) {
      requests.count(strays.includes(arrival) ? 1 : 0);
      if (arrival.at !== `127.0.0.1:${api}`) foreign += 1;
    }
    arrived += arrivals.length;
    expect(strays).toEqual([]);
    return arrivals.filter(({ hasToken }) => hasToken).length;
  }

  const numRuns = repetitions({ ordinary: 40, full: 150 });
  const parameters = { numRuns, seed: Number(process.env["SEED"] ?? 20_260_101), endOnFailure: true };

  it("takes the token to no other origin, however a URL is spelled", async () => {
    const send = create(`http://127.0.0.1:${api}`);
    let atHome = 0;
    await fc.assert(
      fc.asyncProperty(spelling, async (template) => {
        atHome += await look(send, portsIn(template));
      }),
      parameters,
    );
    expect(atHome).toBeGreaterThan(0);
  }, 120_000);

  it("nor behind a redirect, however its target is spelled", async () => {
    const send = create(`http://127.0.0.1:${api}`);
    // A client with a prefix takes no whole URL.
    const from = name.endsWith("prefix") ? "redirect" : `http://127.0.0.1:${api}/redirect`;
    await fc.assert(
      fc.asyncProperty(spelling, fc.constantFrom(301, 302, 303, 307, 308), async (template, status) => {
        // A header field takes neither these, nor letters beyond Latin-1.
        redirect = { status, to: Buffer.from(portsIn(template).replaceAll(/[\t\n]/g, "")).toString("latin1") };
        expect(await look(send, from)).toBeGreaterThan(0);
      }),
      parameters,
    );
    // A redirect leads wherever it likes.
    expect(foreign).toBeGreaterThan(numRuns / 10);
  }, 120_000);
});

it("all of that was a great many requests", () => {
  console.log(`all ways to call: ${arrived} requests that arrived`);
  expect(arrived).toBeGreaterThan(repetitions({ ordinary: 1500, full: 15_000 }));
});
