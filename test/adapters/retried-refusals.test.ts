import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type AdapterEvent, type BearerOptions, type TokenCache } from "@tokenflight/core";
import { bearer as bearerForFetch } from "@tokenflight/fetch";
import { bearer as bearerForGot } from "@tokenflight/got";
import { bearer as bearerForKy } from "@tokenflight/ky";
import { bearer as bearerForUndici } from "@tokenflight/undici";
import axios from "axios";
import axiosRetry from "axios-retry";
import fetchRetry from "fetch-retry";
import got, { type Got, type Request } from "got";
import gotLowest from "got-lowest";
import ky from "ky";
import { Agent, interceptors, RetryAgent, request, type Dispatcher } from "undici";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";

/** Sends one request to a server that refuses the first token, and resolves when it has been answered, well or not. */
type Send = (tokens: TokenCache, options: Pick<BearerOptions<never>, "observe" | "replay"> & { origins: string }) => Promise<unknown>;

const gotRetry = { limit: 2, statusCodes: [401], calculateDelay: ({ computedValue }: { computedValue: number }) => computedValue && 5 };
const undiciRetry = { maxRetries: 2, minTimeout: 5, statusCodes: [401] };
const status = async (dispatcher: Dispatcher, origin: string): Promise<number> => {
  const { statusCode, body } = await request(origin, { dispatcher });
  await body.dump();
  return statusCode;
};

const withGot: Send = (tokens, options) => got.extend({ retry: gotRetry }, bearerForGot(tokens, options))(options.origins);

const withStream =
  (client: Got): Send =>
  (tokens, options) =>
    new Promise((resolve, reject) => {
      const read = (stream: Request): void => {
        stream.once("retry", (_count, _error, createRetryStream: () => Request) => read(createRetryStream()));
        stream.once("error", reject);
        text(stream).then(resolve, () => {});
      };
      read(client.extend(bearerForGot(tokens, options)).stream(options.origins));
    });

const withKy: Send = (tokens, options) =>
  ky.create({ retry: { limit: 2, statusCodes: [401], delay: () => 5 } }).extend(bearerForKy(tokens, options))(options.origins);

const withAxiosRetry =
  (order: "after" | "before"): Send =>
  (tokens, options) => {
    const api = axios.create();
    const retry = (): unknown => axiosRetry(api, { retries: 2, retryCondition: ({ response }) => response?.status === 401 });
    if (order === "before") retry();
    attachBearer(api, tokens, options);
    if (order === "after") retry();
    return api.get(options.origins);
  };

const retryFetch = (fetch: typeof globalThis.fetch) => fetchRetry(fetch, { retries: 2, retryDelay: 5, retryOn: [401] });

const aroundFetch: Send = async (tokens, options) => retryFetch(bearerForFetch(tokens, options)(fetch))(options.origins);
const aroundUndici: Send = (tokens, options) =>
  status(new Agent().compose(bearerForUndici(tokens, options), interceptors.retry(undiciRetry)), options.origins);
const aroundUndiciAgent: Send = (tokens, options) =>
  status(new RetryAgent(new Agent().compose(bearerForUndici(tokens, options)), undiciRetry), options.origins);

const clients: [name: string, send: Send][] = [
  ["got", withGot],
  ["got.stream", withStream(got.extend({ retry: gotRetry }))],
  ["got.stream 14.4", withStream(gotLowest.extend({ retry: gotRetry }) as unknown as Got)],
  ["ky", withKy],
  ["axios-retry, before attachBearer", withAxiosRetry("before")],
  ["axios-retry, after attachBearer", withAxiosRetry("after")],
  ["fetch-retry around the fetch with tokens", aroundFetch],
  ["undici's interceptor for retries around ours", aroundUndici],
  ["undici's RetryAgent around an agent with tokens", aroundUndiciAgent],
];

async function run(send: Send, replay: "never" | "once", accepts: (token: string | undefined, count: number) => boolean) {
  const sent: (string | undefined)[] = [];
  await using server = await startLoopback(() => ({ headers, url }: IncomingMessage, response) => {
    sent.push(headers.authorization);
    response.writeHead(accepts(headers.authorization, sent.length) ? 200 : 401).end(url);
  });
  let issued = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: `t${(issued += 1)}`, expires_in: 600 }) });
  const told: string[] = [];
  const observe = (event: AdapterEvent): void => {
    if (event.type === "request-not-replayed") told.push(event.reason);
    if (event.type === "request-replayed") told.push(event.outcome);
  };
  const outcome = await send(tokens, { origins: server.origin, replay, observe }).then(
    () => "answered",
    () => "failed",
  );
  const { accessToken } = await tokens.get();
  return { outcome, sent, next: accessToken, told };
}

it.each(clients)("%s with retries of a 401 never sends a refused token twice", async (name, send) => {
  const accepts = (token: string | undefined): boolean => token !== "Bearer t1";
  const isStream = name.startsWith("got.stream");

  expect(await run(send, "once", accepts)).toEqual({
    outcome: "answered",
    sent: ["Bearer t1", "Bearer t2"],
    next: "t2",
    told: [isStream ? "stream" : "accepted"],
  });
  expect(await run(send, "never", accepts)).toEqual({
    outcome: "answered",
    sent: ["Bearer t1", "Bearer t2"],
    next: "t2",
    told: [isStream ? "stream" : "never"],
  });
});

it.each(clients)("%s with retries of a 401 renews after the last one, too", async (_name, send) => {
  const { sent, next, told } = await run(send, "never", () => false);

  expect(sent).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"]);
  expect(next).toBe("t4");
  expect(told).toHaveLength(3);
});

it("a stream that got retries after a 503 renews when the retry is refused, and when its error is none", async () => {
  for (const throwHttpErrors of [true, false]) {
    const statuses = [throwHttpErrors ? 503 : 0, 401];
    const sent: (string | undefined)[] = [];
    await using server = await startLoopback(() => ({ headers, socket }, response) => {
      sent.push(headers.authorization);
      const answer = statuses.shift() ?? 200;
      if (answer === 0) return void socket.resetAndDestroy();
      response.writeHead(answer).end();
    });
    let issued = 0;
    const tokens = createTokenCache({ source: async () => ({ access_token: `t${(issued += 1)}`, expires_in: 600 }) });
    const api = got.extend({ throwHttpErrors, retry: { limit: 1, calculateDelay: gotRetry.calculateDelay } });

    await withStream(api)(tokens, { origins: server.origin }).catch(() => {});

    expect(sent).toEqual(["Bearer t1", "Bearer t1"]);
    expect((await tokens.get()).accessToken).toBe("t2");
  }
});

it("a refusal that is retried beneath is retried with the refused token, and undici's error for it is no response", async () => {
  const accepts = (token: string | undefined): boolean => token !== "Bearer t1";
  const beneathFetch: Send = async (tokens, options) => bearerForFetch(tokens, options)(retryFetch(fetch) as typeof fetch)(options.origins);
  const beneathUndici: Send = (tokens, options) =>
    status(new Agent().compose(interceptors.retry(undiciRetry), bearerForUndici(tokens, options)), options.origins);
  const first = ["Bearer t1", "Bearer t1", "Bearer t1"];

  expect(await run(beneathFetch, "once", accepts)).toMatchObject({ outcome: "answered", sent: [...first, "Bearer t2"], next: "t2" });
  expect(await run(beneathUndici, "once", accepts)).toMatchObject({ outcome: "failed", sent: first, next: "t1" });
});
