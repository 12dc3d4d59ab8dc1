import { createRequire } from "node:module";
import { buffer } from "node:stream/consumers";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import type { AxiosStatic as RequiredAxios } from "axios" with { "resolution-mode": "require" };
import axios, { type Axios, type AxiosError, type AxiosInstance, type AxiosStatic } from "axios";
import oldest from "axios-lowest";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { copies, rejectionOf } from "./axios-under-test.ts";

const require = createRequire(import.meta.url);

type Arrived = [method: string, url: string, authorization: string, body: string];

/** An API that takes "token-2" only. */
async function startApi(arrived: Arrived[]): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    const { method = "", url = "", headers } = request;
    arrived.push([method, url, headers.authorization ?? "none", (await buffer(request)).toString()]);
    if (url.startsWith("/slow")) return;
    const to = new URLSearchParams(url.split("?")[1]).get("to");
    if (to !== null) return void response.writeHead(307, { location: to }).end();
    const status = headers.authorization === "Bearer token-2" ? Number(url.slice(1)) || 200 : 401;
    response.writeHead(status, { "content-type": "application/json" }).end('{"ok":true}');
  });
}

function numberedTokens(): TokenCache {
  let number = 0;
  return createTokenCache({ source: async () => ({ access_token: `token-${(number += 1)}`, expires_in: 600 }) });
}

it("the copies are different ones", () => {
  expect(new Set(copies.map(([, copy]) => copy)).size).toBe(copies.length);
  expect(new Set(copies.map(([, copy]) => copy.AxiosError)).size).toBe(copies.length);
});

describe.each(copies)("I124 %s", (_name, copy) => {
  const attached = (baseURL: string, config: object = {}, tokens = numberedTokens()): AxiosInstance => {
    const instance = copy.create({ baseURL, ...config });
    attachBearer(instance, tokens);
    return instance;
  };

  it.each(["http", "fetch"])("%s: a refused request is renewed and replayed", async (adapter) => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived);
    const { data, config } = await attached(api.origin, { adapter }).get<{ ok: boolean }>("/200?a=b");
    expect(data).toEqual({ ok: true });
    expect(config.headers.has("Authorization")).toBe(false);
    expect(arrived.map(([, , authorization]) => authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  it("an unsafe request is replayed, and its transforms run once", async () => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived);
    const transforms: string[] = [];
    const transformRequest = [(data: unknown) => (transforms.push("request"), JSON.stringify({ wrapped: data }))];
    const transformResponse = [(data: unknown) => (transforms.push("response"), { unwrapped: data })];
    const { data } = await attached(api.origin).post<unknown>("/", { order: 1 }, { transformRequest, transformResponse });
    expect(arrived.map(([method, , , body]) => [method, body])).toEqual(
      Array.from({ length: 2 }, () => ["POST", '{"wrapped":{"order":1}}']),
    );
    expect(data).toEqual({ unwrapped: '{"ok":true}' });
    expect(transforms).toEqual(["request", "response"]);
  });

  const failures: [name: string, code: string, send: (instance: AxiosInstance) => Promise<unknown>][] = [
    ["a 404", "ERR_BAD_REQUEST", (instance) => instance.get("/404")],
    ["a 500", "ERR_BAD_RESPONSE", (instance) => instance.get("/500")],
    ["a refusal that stays", "ERR_BAD_REQUEST", (instance) => instance.get("/401")],
    ["a refused connection", "ECONNREFUSED", (instance) => instance.get("http://127.0.0.1:1/")],
    ["a timeout", "ECONNABORTED", (instance) => instance.get("/slow", { timeout: 60 })],
    ["an abort", "ERR_CANCELED", (instance) => instance.get("/slow", { signal: AbortSignal.timeout(60) })],
    ["a request without a token", "ERR_BAD_REQUEST", (instance) => instance.get("/", { headers: { Authorization: null } })],
    [
      "a validateStatus that throws",
      "",
      (instance) =>
        instance.get("/", {
          validateStatus: () => {
            throw new RangeError("own");
          },
        }),
    ],
  ];

  it.each(failures)("%s is an error of the caller's own copy", async (_failure, code, send) => {
    await using api = await startApi([]);
    const error = (await rejectionOf(send(attached(api.origin)))) as AxiosError;
    expect(error).toBeInstanceOf(copy.AxiosError);
    expect(copy.isAxiosError(error)).toBe(true);
    expect(error instanceof copy.CanceledError).toBe(code === "ERR_CANCELED");
    if (code !== "") expect(error.code).toBe(code);
    expect(error.config?.headers).toBeInstanceOf(copy.AxiosHeaders);
  });

  it.each([
    ["a timeout", (instance: AxiosInstance) => instance.get("/", { timeout: 30 })],
    ["an abort", (instance: AxiosInstance) => instance.get("/", { signal: AbortSignal.timeout(30) })],
  ])("%s while a token is waited for is an error of the caller's own copy", async (failure, send) => {
    const endless = createTokenCache({ source: () => new Promise(() => {}) });
    const error = await rejectionOf(send(attached("http://127.0.0.1:1", {}, endless)));
    expect(error).toBeInstanceOf(failure === "an abort" ? copy.CanceledError : copy.AxiosError);
    expect(copy.isCancel(error)).toBe(failure === "an abort");
  });

  it.each(["http", "fetch"])("%s: a redirect to another origin takes no token along, nor the field of a scheme", async (adapter) => {
    const elsewhere: unknown[] = [];
    await using other = await startLoopback(() => (request, response) => {
      elsewhere.push(request.headers.authorization, request.headers["x-api-key"]);
      response.writeHead(401).end();
    });
    await using api = await startApi([]);
    const tokens = numberedTokens();
    await rejectionOf(attached(api.origin, { adapter }, tokens).post(`/?to=${other.origin}`, "order"));
    const instance = copy.create({ baseURL: api.origin, adapter, validateStatus: null });
    attachBearer(instance, tokens, { scheme: ({ accessToken }) => ({ "x-api-key": accessToken }) });
    await instance.get(`/?to=${other.origin}`);
    expect(elsewhere).toEqual([undefined, undefined]);
  });

  it("an instance of the class, and one that extends it, are attached like any other", async () => {
    class Extended extends (copy.Axios as typeof Axios) {
      constructor(origin: string) {
        super({ baseURL: origin } as never);
        made += 1;
      }
    }
    let made = 0;
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived);
    for (const instance of [new copy.Axios({ baseURL: api.origin, adapter: "http" } as never), new Extended(api.origin)]) {
      attachBearer(instance, numberedTokens());
      expect((await instance.get("/", { validateStatus: null })).status).toBe(200);
    }
    expect(made).toBe(1);
    expect(arrived.map(([, , authorization]) => authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });
});

it("I131 the types of every copy are taken as they are, and a selector and a predicate get them", async () => {
  const arrived: Arrived[] = [];
  await using api = await startApi(arrived);
  const required = (require("axios") as RequiredAxios).create({ baseURL: api.origin });
  attachBearer(required, ({ headers }) => (headers.has("x-public") ? undefined : tokens), { refused: ({ status }) => status === 401 });
  const old = oldest.create({ baseURL: api.origin });
  attachBearer(old, ({ headers }) => (headers.has("x-public") ? undefined : tokens), { refused: ({ status }) => status === 401 });
  const tokens = numberedTokens();

  expect([(await required.get("/")).status, (await old.get("/")).status]).toEqual([200, 200]);
  // @ts-expect-error: its config has no such field.
  attachBearer(axios.create({ baseURL: api.origin }), ({ nothing }) => nothing as never);
});

it("I124 an unsafe request through a fetch adapter that shows no redirects is not repeated, and renews behind", async () => {
  const arrived: Arrived[] = [];
  await using api = await startApi(arrived);
  const instance = (oldest as unknown as AxiosStatic).create({ baseURL: api.origin, adapter: "fetch" });
  attachBearer(instance, numberedTokens());
  expect((await rejectionOf(instance.post("/", "order"))).response?.status).toBe(401);
  expect((await instance.post("/", "order")).status).toBe(200);
  expect(arrived).toHaveLength(2);
});

it.each([
  ["when it is attached", () => Object.assign(() => {}, { interceptors: interceptors(() => {}), defaults: {}, request() {} })],
  [
    "at its first request",
    () => {
      let interceptor: (config: object) => { adapter: (config: object) => unknown };
      const request = (): unknown => interceptor({}).adapter({ headers: { Accept: "*/*" } });
      const instance = { request, defaults: {}, interceptors: interceptors((use) => (interceptor = use as typeof interceptor)) };
      return Object.assign(instance, { create: () => instance });
    },
  ],
])("I133 an axios that is too old is an error that says so, %s", (_when, create) => {
  const instance = create();
  const use = (): void => {
    attachBearer(instance, numberedTokens(), { origins: "https://api.example.com" });
    instance.request();
  };
  expect(use).toThrow(/an instance of axios 1\.7 or newer/);
});

function interceptors(use: (interceptor: unknown) => void): { request: never; response: never } {
  const manager = { use: (interceptor: unknown) => (use(interceptor), 0), eject() {} };
  return { request: manager as never, response: manager as never };
}

it.each(["http", "fetch"])("the function of axios's %s adapter does what its name does", async (name) => {
  const arrived: Arrived[] = [];
  await using api = await startApi(arrived);
  const instance = axios.create({ baseURL: api.origin, adapter: axios.getAdapter(name) });
  attachBearer(instance, numberedTokens());
  expect((await instance.post("/", "order")).status).toBe(200);
  expect(arrived.map(([method, , authorization, body]) => [method, authorization, body])).toEqual([
    ["POST", "Bearer token-1", "order"],
    ["POST", "Bearer token-2", "order"],
  ]);
});
