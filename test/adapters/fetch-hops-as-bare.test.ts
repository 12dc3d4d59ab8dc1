import { once } from "node:events";
import net from "node:net";
import { Readable } from "node:stream";
import { attachBearer } from "@tokenflight/axios";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import axios from "axios";
import nodeFetch, { Request as NodeFetchRequest } from "node-fetch";
import { fetch as undiciFetch } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";

/* Redirects that are followed here end as they do without us. The server writes bytes as they come: no HTTP library sends such a Location. */

let origin: string;
let seen: string[];
let location: string;
let status: number;
const server = net.createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => {
    const [line = ""] = data.toString("latin1").split("\r\n");
    if (!line.endsWith(" HTTP/1.1")) return;
    seen.push(line);
    const left = Number(/^\S+ \/start\/(\d+)/.exec(line)?.[1] ?? 0);
    const to = left > 1 ? `/start/${left - 1}` : location;
    socket.write(
      left > 0
        ? Buffer.from(`HTTP/1.1 ${status} x\r\ncontent-length: 0\r\nlocation: ${to}\r\n\r\n`)
        : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    );
  });
});
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  origin = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  [seen, location, status] = [[], "/there", 302];
});

const aroundNode = (...call: Parameters<typeof fetch>): Promise<Response> => globalThis.fetch(...call);
const functions: [string, unknown][] = [
  ["undici's", undiciFetch],
  ["a wrapper around Node's", aroundNode],
  ["node-fetch", nodeFetch],
];

/** What a request ends as, and what it asked the server for. */
async function outcomeOf(send: () => Promise<{ readonly status: number }>): Promise<unknown> {
  seen = [];
  const end = await send().then(
    (response) => response.status,
    () => "an error",
  );
  return [end, ...seen];
}

/** Attached and not. */
async function both(fetch: unknown, send: (fetch: FetchFunction) => Promise<Response>): Promise<{ bare: unknown; ours: unknown }> {
  const ours = bearer(countingTokens(), { origins: origin })(fetch as FetchFunction);
  return { bare: await outcomeOf(() => send(fetch as FetchFunction)), ours: await outcomeOf(() => send(ours)) };
}

describe("a Location in UTF-8", () => {
  const locations = ["/café", "/日本?ü=1", "/%C3%A9?q=é", "/plain", "/🙂#ü"];

  it.each(functions.slice(0, 2))("leads %s to the same place as without us", async (_name, fetch) => {
    for (location of locations) {
      const { bare, ours } = await both(fetch, (send) => send(`${origin}/start/1`));
      expect(ours).toEqual(bare);
      expect(ours).toEqual([
        200,
        "GET /start/1 HTTP/1.1",
        `GET ${new URL(location, origin).href.slice(origin.length).replace(/#.*/, "")} HTTP/1.1`,
      ]);
    }
  });

  it("leads axios to the same place over a function in env as over the platform's own", async () => {
    for (location of locations) {
      const ends = [];
      for (const env of [{}, { fetch: aroundNode }]) {
        const client = axios.create({ baseURL: origin, adapter: "fetch", env });
        attachBearer(client, countingTokens());
        ends.push(await outcomeOf(() => client.get("/start/1")));
      }
      expect(ends[1]).toEqual(ends[0]);
    }
  });
});

describe("a stream behind a redirect is an error, unless a 303 leaves it behind (Fetch standard, HTTP-redirect fetch)", () => {
  const bodies: [string, () => unknown][] = [
    ["a web stream", () => new Blob(["order"]).stream()],
    ["a Node stream", () => Readable.from([Buffer.from("order")])],
    ["an iterator", () => iterate()],
    ["text", () => "order"],
    ["bytes", () => Buffer.from("order")],
  ];
  async function* iterate(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("order");
  }
  // node-fetch knows Node's streams only, and sends the others as their text.
  const cases = functions.flatMap(([name, fetch]) =>
    bodies
      .filter(([body]) => name !== "node-fetch" || !/web stream|iterator/.test(body))
      .map(([body, make]) => ({ name, fetch, body, make })),
  );

  it.each(cases)("$body over $name", async ({ fetch, make }) => {
    for (status of [301, 302, 303, 307, 308]) {
      for (const method of ["POST", "PUT"]) {
        const { bare, ours } = await both(fetch, (send) =>
          send(`${origin}/start/1`, { method, body: make(), duplex: "half" } as unknown as RequestInit),
        );
        expect([status, method, ours]).toEqual([status, method, bare]);
      }
    }
  });

  it.each(bodies.slice(0, 2))("%s over axios with a function in env", async (_name, make) => {
    for (status of [301, 302, 303, 307, 308]) {
      const client = axios.create({ baseURL: origin, adapter: "fetch", env: { fetch: aroundNode }, maxRedirects: 5 });
      const send = (): Promise<{ readonly status: number }> => client.post("/start/1", make());
      const bare = await outcomeOf(send);
      attachBearer(client, countingTokens());
      expect([status, await outcomeOf(send)]).toEqual([status, bare]);
    }
  });
});

describe("node-fetch's option follow", () => {
  it.each([undefined, 0, 1, 2, 3, 20, 25])("%s: as many redirects as without us, whether init or a Request has it", async (follow) => {
    for (const redirects of [1, 2, 3, 4, 20, 21]) {
      const url = `${origin}/start/${redirects}`;
      const ways: [string, (send: FetchFunction) => Promise<Response>][] = [
        ["init", (send) => send(url, { follow } as RequestInit)],
        ["a Request", (send) => send(new NodeFetchRequest(url, { follow } as object) as unknown as Request)],
        [
          "init before a Request",
          (send) => send(new NodeFetchRequest(url, { follow: 7 } as object) as unknown as Request, { follow } as RequestInit),
        ],
      ];
      for (const [way, send] of ways) {
        const { bare, ours } = await both(nodeFetch, send);
        expect([redirects, way, ours]).toEqual([redirects, way, bare]);
      }
    }
  });
});
