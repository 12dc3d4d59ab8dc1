import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, LoginRequiredError, TokenflightError, type TokenCache } from "@tokenflight/core";
import { HttpModule, HttpService } from "@nestjs/axios";
import axios, { type AxiosError, type AxiosInstance } from "axios";
import MockAdapter from "axios-mock-adapter";
import axiosRetry, { isNetworkError, isRetryableError } from "axios-retry";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import nock from "nock";
import { firstValueFrom } from "rxjs";
import { afterEach, describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { adapters, rejectionOf } from "./axios-under-test.ts";

type Arrived = [authorization: string, body: string];

/** An API that takes "token-2" only, and answers the statuses that it is given first. */
async function startApi(arrived: Arrived[], statuses: number[] = []): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    arrived.push([request.headers.authorization ?? "none", (await buffer(request)).toString()]);
    const isGood = request.headers.authorization === "Bearer token-2";
    response.writeHead(isGood ? (statuses.shift() ?? 200) : 401, { "content-type": "application/json" }).end('{"ok":true}');
  });
}

function numberedTokens(): TokenCache {
  let number = 0;
  return createTokenCache({ source: async () => ({ access_token: `token-${(number += 1)}`, expires_in: 600 }) });
}

const order = '{"order":1}';
const refreshed: Arrived[] = [
  ["Bearer token-1", order],
  ["Bearer token-2", order],
];

describe.each(adapters)("axios-retry, %s", (adapter) => {
  const orders: [name: string, connect: (instance: AxiosInstance) => void][] = [
    ["before the tokens", (instance) => (retry(instance), attachBearer(instance, numberedTokens()))],
    ["after the tokens", (instance) => (attachBearer(instance, numberedTokens()), retry(instance))],
  ];
  const retry = (instance: AxiosInstance): void =>
    void axiosRetry(instance as never, {
      retries: 2,
      retryDelay: () => 1,
      retryCondition: (error) => isNetworkError(error) || isRetryableError(error),
    });

  it.each(orders)("%s: a refusal is replayed without a retry, and a failure is retried with the new token", async (_name, connect) => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, [503, 502]);
    const instance = axios.create({ baseURL: api.origin, adapter });
    connect(instance);

    expect((await instance.post<unknown>("/", { order: 1 })).data).toEqual({ ok: true });

    expect(arrived).toEqual([...refreshed, refreshed[1], refreshed[1]]);
  });

  it.each(orders)("%s: what is given up is the error of the last attempt", async (_name, connect) => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, [503, 503, 503, 503]);
    const instance = axios.create({ baseURL: api.origin, adapter });
    connect(instance);
    const error = await rejectionOf(instance.post("/", { order: 1 }));
    expect([error.response?.status, JSON.stringify(error).includes("token-")]).toEqual([503, false]);
    expect(arrived).toHaveLength(4);
  });
});

describe("what the README says of axios-retry", () => {
  it("a token error reaches response interceptors without config, request and response, and is not retried", async () => {
    let asked = 0;
    const tokens = createTokenCache({
      async source() {
        asked += 1;
        throw new LoginRequiredError("Log in first.");
      },
    });
    const instance = axios.create({ baseURL: "http://127.0.0.1:1" });
    const seen: unknown[] = [];
    instance.interceptors.response.use(null, (error: AxiosError) => {
      seen.push([TokenflightError.is(error), axios.isAxiosError(error), "config" in error, "request" in error, "response" in error]);
      throw error;
    });
    attachBearer(instance, tokens);
    axiosRetry(instance as never, { retries: 2, retryDelay: () => 1, retryCondition: () => true });

    expect(await rejectionOf(instance.get("/"))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });

    expect(seen).toEqual([[true, false, false, false, false]]);
    expect(asked).toBe(1);
  });

  it.each([true, false])("by default a POST is not retried, and a stream is empty in its retry (tokens: %s)", async (isAttached) => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, [503, 200, 503, 503]);
    const authorization = isAttached ? undefined : { headers: { authorization: "Bearer token-2" } };
    const instance = axios.create({ baseURL: api.origin, ...authorization });
    const tokens = createTokenCache({ source: async () => ({ access_token: "token-2", expires_in: 600 }) });
    if (isAttached) attachBearer(instance, tokens);
    axiosRetry(instance as never, { retryDelay: () => 1 });

    await instance.put("/", Readable.from(["a", "b"]));
    expect(arrived.map(([, body]) => body)).toEqual(["ab", ""]);
    await rejectionOf(instance.post("/", { order: 1 }));
    expect(arrived).toHaveLength(3);
  });
});

describe("axios-mock-adapter", () => {
  const api = "https://api.example.com";

  it.each(["before", "after"])("made %s the tokens are attached, it sees them, matches them and is replayed", async (when) => {
    const instance = axios.create({ baseURL: api });
    const attach = (): void => void attachBearer(instance, numberedTokens());
    if (when === "after") attach();
    const mock = new MockAdapter(instance as never);
    if (when === "before") attach();
    mock.onPost("/orders", { order: 1 }, { headers: expect.objectContaining({ Authorization: "Bearer token-1" }) as never }).reply(401);
    mock.onPost("/orders").reply((config) => [200, { authorization: config.headers?.["Authorization"] as unknown }]);
    mock.onGet(`https://elsewhere.example.com/`).reply((config) => [200, { authorization: config.headers?.["Authorization"] as unknown }]);

    expect((await instance.post<unknown>("/orders", { order: 1 })).data).toEqual({ authorization: "Bearer token-2" });
    expect((await instance.get<object>("https://elsewhere.example.com/")).data).not.toHaveProperty("authorization", expect.anything());
    expect(mock.history["post"]?.map((config) => config.headers?.["Authorization"] as unknown)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it.each([404, 500, "networkError", "timeout"] as const)("what it answers is what it answers without tokens: %s", async (what) => {
    const failures: object[] = [];
    for (const isAttached of [false, true]) {
      const instance = axios.create({ baseURL: api });
      if (isAttached) attachBearer(instance, numberedTokens());
      const answer = new MockAdapter(instance as never).onGet("/");
      if (typeof what === "number") answer.reply(what, { why: "so" });
      else answer[what]();
      const { name, code, message, response, isAxiosError } = await rejectionOf(instance.get("/"));
      failures.push({ name, code, message, isAxiosError, data: response?.data as unknown, status: response?.status });
    }
    expect(failures[1]).toEqual(failures[0]);
  });
});

describe("nock", () => {
  afterEach(() => nock.restore());

  it.each(adapters)("%s: it matches the header in any spelling, and is replayed", async (adapter) => {
    if (!nock.isActive()) nock.activate();
    const api = nock("https://api.example.com");
    api.post("/orders", { order: 1 }).matchHeader("Authorization", "Bearer token-1").reply(401);
    api.post("/orders", { order: 1 }).matchHeader("authorization", "Bearer token-2").reply(200, { ok: true });
    const elsewhere = nock("https://elsewhere.example.com", { badheaders: ["authorization"] })
      .get("/")
      .reply(200, {});
    const instance = axios.create({ baseURL: "https://api.example.com", adapter });
    attachBearer(instance, numberedTokens());

    expect((await instance.post<unknown>("/orders", { order: 1 })).data).toEqual({ ok: true });
    expect((await instance.get("https://elsewhere.example.com/")).status).toBe(200);

    expect([api.isDone(), elsewhere.isDone()]).toEqual([true, true]);
    nock.cleanAll();
  });
});

describe("msw", () => {
  it.each(adapters)("%s: its handlers see the token, and are asked again after a refusal", async (adapter) => {
    const seen: Arrived[] = [];
    const handle = async ({ request }: { request: Request }): Promise<Response> => {
      const authorization = request.headers.get("authorization") ?? "none";
      seen.push([authorization, await request.text()]);
      return authorization === "Bearer token-1" ? HttpResponse.json({}, { status: 401 }) : HttpResponse.json({ ok: true });
    };
    const server = setupServer(http.post("https://api.example.com/orders", handle), http.get("https://elsewhere.example.com/", handle));
    server.listen();
    try {
      const instance = axios.create({ baseURL: "https://api.example.com", adapter });
      attachBearer(instance, numberedTokens());
      expect((await instance.post<unknown>("/orders", { order: 1 })).data).toEqual({ ok: true });
      await instance.get("https://elsewhere.example.com/");
      expect(seen).toEqual([...refreshed, ["none", ""]]);
    } finally {
      server.close();
    }
  });
});

it("the HttpService of a NestJS HttpModule is attached by its axiosRef, and gives its answers as observables", async () => {
  const arrived: Arrived[] = [];
  const elsewhere: Arrived[] = [];
  await using api = await startApi(arrived);
  await using other = await startApi(elsewhere);
  // What the module provides to the service.
  const provided = HttpModule.register({ baseURL: api.origin }).providers as { provide: unknown; useValue?: AxiosInstance }[];
  const instance = provided.map(({ useValue }) => useValue).find((value) => typeof value === "function");
  const service = new HttpService(instance as never);
  attachBearer(service.axiosRef, numberedTokens());

  const { data } = (await firstValueFrom(service.post("/", { order: 1 }))) as { data: unknown };
  await rejectionOf(firstValueFrom(service.get(other.origin)));

  expect(data).toEqual({ ok: true });
  expect(arrived).toEqual(refreshed);
  expect(elsewhere).toEqual([["none", ""]]);
});
