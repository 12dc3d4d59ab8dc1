import { Agent } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { adapters } from "./axios-under-test.ts";

/** An API that refuses with a body of some length, and counts the connections that it is given. */
interface LongWindedApi extends Loopback {
  readonly connections: Set<Socket>;
  readonly open: Set<Socket>;
  /** Every token but this one is refused. */
  accepted: string;
}

async function startLongWindedApi(length: number): Promise<LongWindedApi> {
  const connections = new Set<Socket>();
  const open = new Set<Socket>();
  const refusal = Buffer.alloc(length, "refused ");
  const loopback = await startLoopback(() => async (request, response) => {
    const { socket } = request;
    if (!connections.has(socket)) {
      connections.add(socket);
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    await buffer(request);
    const isGood = request.headers.authorization === `Bearer ${api.accepted}`;
    response.writeHead(isGood ? 200 : 401, { "content-type": "text/plain", "content-length": isGood ? 4 : length });
    response.end(isGood ? "good" : refusal);
  });
  const api: LongWindedApi = { ...loopback, connections, open, accepted: "token-1" };
  return api;
}

async function* trickle(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("a first piece");
  await sleep(5000, undefined, { ref: false });
}

async function* flood(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(16_384);
}

/** Tokens that take a moment to come: "token-1", "token-2" and so on. */
function numberedTokens(): TokenCache {
  let number = 0;
  return createTokenCache({
    source: async () => {
      await sleep(5);
      number += 1;
      return { access_token: `token-${number}`, expires_in: 600 };
    },
  });
}

function connected(api: LongWindedApi, config: AxiosRequestConfig): AxiosInstance {
  const instance = axios.create({ baseURL: api.origin, ...(config as object) });
  attachBearer(instance, numberedTokens());
  return instance;
}

/** Answers 401 with a body that has no end in sight, until the token is "token-2". */
async function startEndlessApi(headers: Record<string, number>, pieces: () => AsyncIterable<Uint8Array>): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    if (request.headers.authorization === "Bearer token-2") return void response.end("good");
    response.writeHead(401, headers);
    await pipeline(Readable.from(pieces()), response).catch(() => {});
  });
}

async function textOf({ data }: AxiosResponse<string | AsyncIterable<Uint8Array>>): Promise<string> {
  return typeof data === "string" ? data : (await buffer(data)).toString();
}

describe.each(adapters)("%s", (adapter) => {
  it.each(["text", "stream"] as const)(
    "a storm of refusals of 200 KB, read as %s, opens no more connections than the storm itself",
    async (responseType) => {
      await using api = await startLongWindedApi(200 * 1024);
      using httpAgent = disposable(new Agent({ keepAlive: true }));
      const instance = connected(api, { adapter, httpAgent, responseType });
      await textOf(await instance.get("/"));
      api.accepted = "token-2";
      const callers = 40;

      const answers = await Promise.all(Array.from({ length: callers }, async () => textOf(await instance.post("/", "order"))));

      expect(answers.every((text) => text === "good")).toBe(true);
      // fetch gives a connection back a moment after the end of its body. Refusals that are thrown away unread would make it twice as many.
      expect(api.connections.size).toBeLessThanOrEqual(adapter === "http" ? callers : callers * 1.25);
    },
  );

  it.each(["text", "stream"] as const)(
    "refusals one after the other, read as %s and short, share one connection with their replays",
    async (responseType) => {
      await using api = await startLongWindedApi(2000);
      using httpAgent = disposable(new Agent({ keepAlive: true }));
      const instance = connected(api, { adapter, httpAgent, responseType });

      for (let turn = 2; turn < 12; turn += 1) {
        api.accepted = `token-${turn}`;
        const { data } = await instance.post<string | AsyncIterable<Uint8Array>>("/", "order");
        expect(typeof data === "string" ? data : (await buffer(data)).toString()).toBe("good");
      }

      // fetch may take up a second one while the first is being given back.
      expect(api.connections.size).toBeLessThanOrEqual(adapter === "http" ? 1 : 2);
    },
  );

  it.each([
    ["is announced to be long and comes slowly", { "content-length": 20 * 1024 * 1024 }, trickle],
    ["has no end", {}, flood],
  ] as const)("a streamed refusal that %s is not waited for", async (_name, headers, pieces) => {
    await using api = await startEndlessApi(headers, pieces);
    using httpAgent = disposable(new Agent({ keepAlive: true }));
    const instance = axios.create({ baseURL: api.origin, adapter, httpAgent, responseType: "stream" });
    attachBearer(instance, numberedTokens());
    const began = performance.now();

    expect(await textOf(await instance.get("/"))).toBe("good");

    expect(performance.now() - began).toBeLessThan(900);
  });

  it("a long refusal that is read as a stream is cut off, and its connection closed", async () => {
    await using api = await startLongWindedApi(20 * 1024 * 1024);
    using httpAgent = disposable(new Agent({ keepAlive: true }));
    const instance = connected(api, { adapter, httpAgent, responseType: "stream" });

    for (let turn = 2; turn < 6; turn += 1) {
      api.accepted = `token-${turn}`;
      expect(await textOf(await instance.post("/", "order"))).toBe("good");
    }

    await expect.poll(() => api.open.size).toBeLessThanOrEqual(2);
  });
});

it("http: a single connection is enough for a refused request, its refresh and its replay", async () => {
  await using api = await startLongWindedApi(200 * 1024);
  using httpAgent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }));
  const instance = connected(api, { adapter: "http", httpAgent });
  api.accepted = "token-2";

  const answers = await Promise.all([instance.post("/", "one"), instance.post("/", "two"), instance.post("/", "three")]);

  expect(answers.map(({ data }) => data as string)).toEqual(["good", "good", "good"]);
  expect(api.connections.size).toBe(1);
});

function disposable(agent: Agent): Agent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}
