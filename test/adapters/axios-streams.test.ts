import { Agent } from "node:http";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import axios, { type AxiosError, type AxiosInstance } from "axios";
import { Agent as Dispatcher } from "undici-lowest";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { rejectionOf } from "./axios-under-test.ts";

const refusal = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

/** API and token endpoint at one origin. The first token is refused, with as many bytes as the path says. */
async function startServer(isCompressed: boolean): Promise<Loopback> {
  let number = 0;
  return startLoopback(() => ({ url = "", headers }, response) => {
    if (url === "/token") return void response.end(JSON.stringify({ access_token: `token-${(number += 1)}`, expires_in: 600 }));
    if (url === "/never") return void response.writeHead(400).end('{"error":"invalid_grant"}');
    if (headers.authorization !== "Bearer token-1") return void response.end("there");
    const body = refusal.subarray(0, Number(url.slice(1)));
    if (isCompressed) response.writeHead(401, { "content-encoding": "gzip" }).end(gzipSync(body));
    else response.writeHead(401).end(body);
  });
}

describe.each([
  ["http", false],
  ["http", true],
  ["fetch", false],
] as const)("%s, compressed %s: a streamed refusal does not hold the only connection", (adapter, isCompressed) => {
  const connect = async (origin: string, path = "/token"): Promise<[AxiosInstance, Disposable]> => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const dispatcher = new Dispatcher({ connections: 1, pipelining: 1 });
    const instance = axios.create({ baseURL: origin, adapter, httpAgent, fetchOptions: { dispatcher }, responseType: "stream" } as never);
    let isFirst = true;
    const source = async ({ signal }: { signal: AbortSignal }): Promise<{ access_token: string }> => {
      const { data } = await axios.get<never>(origin + (isFirst ? "/token" : path), {
        adapter,
        httpAgent,
        fetchOptions: { dispatcher },
        signal,
      } as never);
      isFirst = false;
      return data;
    };
    attachBearer(instance, createTokenCache({ source, timeouts: { request: 2 } }));
    return [instance, { [Symbol.dispose]: () => (httpAgent.destroy(), void dispatcher.destroy()) }];
  };

  it.each([0, 2, 60_000, 200_000])("of %i bytes: the request is replayed", async (size) => {
    await using server = await startServer(isCompressed);
    const [instance, end] = await connect(server.origin);
    using _ = end;
    const { status, data } = await instance.get<Readable>(`/${size}`);
    expect([status, (await buffer(data)).toString()]).toEqual([200, "there"]);
  });

  it("without another token the caller gets it whole, and may leave it unread", async () => {
    await using server = await startServer(isCompressed);
    const [instance, end] = await connect(server.origin, "/never");
    using _ = end;
    const { response } = (await rejectionOf(instance.get("/200000"))) as AxiosError<Readable>;
    expect(response?.status).toBe(401);
    expect((await buffer(response?.data as Readable)).equals(refusal)).toBe(true);
    const other = (await rejectionOf(instance.get("/200000"))) as AxiosError<Readable>;
    const left = other.response?.data as Readable | ReadableStream;
    if ("destroy" in left) left.destroy();
    else await left.cancel();
  });
});
