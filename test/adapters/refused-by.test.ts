import { on } from "node:events";
import type { Readable } from "node:stream";
import { attachBearer } from "@tokenflight/axios";
import { refusedBy, type TokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios, { type ResponseType } from "axios";
import got from "got";
import ky from "ky";
import { describe, expect, it } from "vitest";
import { countingTokens, startRecordingApi, type RecordingApi } from "../contract/scenarios/recording-api.ts";

const expired = '{"error":"token_expired"}';
const refused = refusedBy<{ error?: string }>(({ error }) => error === "token_expired");

/** An API that says in the body of a 200 that the token "1" is over, and in the first event of a stream that does not end. */
const start = (): Promise<RecordingApi> =>
  startRecordingApi(({ url, headers }, response) => {
    if (url === "/events") return void response.writeHead(200, { "content-type": "text/event-stream" }).write(`data: ${expired}\n\n`);
    const body = headers.authorization === "Bearer 1" ? expired : '{"order":"tea"}';
    return response.writeHead(200, { "content-type": "application/json" }).end(body);
  });

interface Client {
  readonly order: () => Promise<unknown>;
  /** Gives the first piece of the stream, which then is given up. */
  readonly event: () => Promise<string>;
}

async function firstOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value as Uint8Array).toString();
}

async function firstOfNodes(stream: Readable): Promise<string> {
  for await (const [chunk] of on(stream, "data")) {
    stream.on("error", () => {}).destroy();
    return String(chunk);
  }
  return "";
}

const clients: [name: string, connect: (tokens: TokenCache, origin: string) => Client][] = [
  ...["http", "fetch"].map((adapter): (typeof clients)[number] => [
    `axios with ${adapter}`,
    (tokens, origin) => {
      const api = axios.create({ baseURL: origin, adapter });
      attachBearer(api, tokens, { refused });
      return {
        order: async () => (await api.post<unknown>("/orders", "order")).data,
        async event() {
          const { data } = await api.get<Readable | ReadableStream<Uint8Array>>("/events", { responseType: "stream" });
          return "getReader" in data ? firstOf(data) : firstOfNodes(data);
        },
      };
    },
  ]),
  [
    "got",
    (tokens, origin) => {
      const api = got.extend({ prefixUrl: origin, retry: { limit: 0 } }, gotBearer(tokens, { origins: origin, refused }));
      return { order: () => api.post("orders", { body: "order" }).json(), event: () => firstOfNodes(api.stream("events")) };
    },
  ],
  [
    "ky",
    (tokens, origin) => {
      const api = ky.create({ prefix: origin, retry: 0 }).extend(kyBearer(tokens, { refused }));
      return { order: () => api.post("orders", { body: "order" }).json(), event: async () => firstOf((await api("events")).body) };
    },
  ],
  [
    "fetch",
    (tokens, origin) => {
      const send = fetchBearer(tokens, { origins: origin, refused })(globalThis.fetch);
      return {
        order: async () => (await send(`${origin}/orders`, { method: "POST", body: "order" })).json(),
        event: async () => firstOf((await send(`${origin}/events`)).body),
      };
    },
  ],
];

it.each([
  [undefined, 2],
  ['Bearer error="insufficient_scope"', 1],
])("refusedBy leaves a 401 with the challenge %s to the rule of all adapters (field lines 117, 130)", async (challenge, requests) => {
  await using api = await startRecordingApi((_, response) => {
    const isFirst = api.arrivals.length === 1;
    response.writeHead(isFirst ? 401 : 200, isFirst && challenge !== undefined ? { "www-authenticate": challenge } : {}).end("{}");
  });
  const send = fetchBearer(countingTokens(), { origins: api.origin, refused })(globalThis.fetch);
  expect((await send(`${api.origin}/orders`)).status).toBe(requests === 2 ? 200 : 401);
  expect(api.arrivals).toHaveLength(requests);
});

describe.each(["http", "fetch"])("refusedBy with axios with %s looks into an answer", (adapter) => {
  it.each<[ResponseType, number]>([
    ["json", 2],
    ["text", 2],
    ["arraybuffer", 2],
    ...(adapter === "fetch"
      ? ([
          ["blob", 1],
          ["stream", 1],
        ] as [ResponseType, number][])
      : ([["stream", 1]] as [ResponseType, number][])),
  ])("of the type %s: %d requests", async (responseType, requests) => {
    await using api = await start();
    const client = axios.create({ baseURL: api.origin, adapter, responseType });
    attachBearer(client, countingTokens(), { refused });

    expect((await client.get("/orders")).status).toBe(200);

    expect(api.arrivals).toHaveLength(requests);
  });
});

describe.each(clients)("refusedBy with %s (field line 130)", (_name, connect) => {
  it("a refusal in the body of a 200 is renewed and replayed, and the caller reads the answer that counts", async () => {
    await using api = await start();
    const tokens = countingTokens();

    expect(await connect(tokens, api.origin).order()).toEqual({ order: "tea" });

    expect(api.arrivals.map(({ body, headers }) => [body, headers.authorization])).toEqual([
      ["order", "Bearer 1"],
      ["order", "Bearer 2"],
    ]);
  });

  it("a stream of events is the caller's from its first event on, whatever that says", async () => {
    await using api = await start();
    const tokens = countingTokens();

    expect(await connect(tokens, api.origin).event()).toBe(`data: ${expired}\n\n`);

    expect([api.arrivals.length, tokens.obtained()]).toEqual([1, 1]);
  });
});
