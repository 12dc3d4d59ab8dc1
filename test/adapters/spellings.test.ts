import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import fc from "fast-check";
import got from "got";
import ky from "ky";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tally } from "./tally.ts";

const secret = "token-that-stays-home";
const servers: Server[] = [];
/** Where requests arrived since the last spelling, and whether with the token. */
const arrivals: { at: string; hasToken: boolean }[] = [];

async function listen(): Promise<number> {
  const server = createServer(({ headers, rawHeaders, socket }, response) => {
    // The port is where it arrived, whatever the request says of itself.
    const name = headers.host?.replace(/:\d*$/, "") ?? "";
    arrivals.push({ at: `${name}:${socket.localPort}`, hasToken: rawHeaders.some((line) => line.includes(secret)) });
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

/** Everything that takes a URL, and what it may have it added to. */
const senders: [string, (origins: string) => Send][] = [
  ...["http", "fetch"].flatMap((adapter): [string, (origins: string) => Send][] => [
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
  ]),
  ["got", (origins) => got.extend({ retry: { limit: 0 } }, gotBearer(tokens, { origins }))],
  ["got with a prefix", (origins) => got.extend({ retry: { limit: 0 }, prefixUrl: origins }, gotBearer(tokens, { origins }))],
  ["ky", (origins) => ky.create({ retry: 0 }).extend(kyBearer(tokens, { origins }))],
  ["ky with a base URL", (origins) => ky.create({ retry: 0, baseUrl: origins }).extend(kyBearer(tokens))],
  ["ky with a prefix", (origins) => ky.create({ retry: 0, prefix: origins }).extend(kyBearer(tokens))],
  ["fetch", (origins) => fetchBearer(tokens, { origins })(globalThis.fetch)],
  [
    "fetch with a Request",
    (origins) => {
      const send = fetchBearer(tokens, { origins })(globalThis.fetch);
      return async (url) => send(new Request(url));
    },
  ],
  [
    "undici",
    (origins) => {
      const dispatcher = new Agent().compose(undiciBearer(tokens, { origins }));
      return async (url) => (await request(url, { dispatcher })).body.dump();
    },
  ],
];

/** Every host is this machine, in one spelling or another, so that whatever goes astray is seen. API and OTHER are ports. */
const spelling = fc
  .tuple(
    fc.constantFrom("http:", "HTTP:", "hTtP:", "", "http", " http:", "\thttp:", "ht\ntp:", "blob:http:", "javascript:http:"),
    fc.constantFrom("//", "//", "//", "/", "\\\\", "/\\", "///", "", "/\t/"),
    fc.constantFrom("", "", "", "user@", "user:pw@", "127.0.0.1:API@", "127.0.0.1:API\\@", "@", "127.0.0.1:API/@", "127.0.0.1:API#@"),
    fc.constantFrom(
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
    ),
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
  )
  .map((pieces) => pieces.join(""));

describe.each(senders)("%s", (name, create) => {
  const spellings = tally(name, "spellings of a URL", "tokens off-origin");

  it("takes the token to no other origin, however a URL is spelled", async () => {
    const home = `127.0.0.1:${api}`;
    const send = create(`http://${home}`);
    let atHome = 0;
    await fc.assert(
      fc.asyncProperty(spelling, async (template) => {
        arrivals.length = 0;
        // Most of them are errors of the client's; what matters is what arrives.
        const url = template.replaceAll("API", String(api)).replaceAll("OTHER", String(other));
        await (async () => send(url))().catch(() => {});
        const strays = arrivals.filter(({ at, hasToken }) => hasToken && at !== home);
        spellings.count(strays.length);
        atHome += arrivals.filter(({ hasToken }) => hasToken).length;
        expect(strays).toEqual([]);
      }),
      { numRuns: 150, seed: Number(process.env["SEED"] ?? 20_260_101), endOnFailure: true },
    );
    expect(atHome).toBeGreaterThan(0);
  }, 60_000);
});
