import { buffer } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import type * as TokenflightAxios from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import type { AxiosInstance, AxiosStatic } from "axios";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

/** What a page of jsdom does not have, or has otherwise than Node. */
const globals = globalThis as Record<string, unknown>;
const replaced: Record<string, unknown> = {};
const missing = ["Request", "Response", "ReadableStream", "fetch"];

let origin = "";
let api: Loopback;
let axios: AxiosStatic;
let attachBearer: (typeof TokenflightAxios)["attachBearer"];
let arrived: [method: string, path: string, authorization: string, body: string][] = [];

const answer = async (request: IncomingMessage): Promise<number> => {
  const { method = "", url = "", headers } = request;
  const body = (await buffer(request)).toString();
  arrived.push([method, url, headers.authorization ?? "none", body]);
  return headers.authorization === "Bearer token-2" ? 200 : 401;
};

beforeAll(async () => {
  api = await startLoopback(() => async (request, response) => {
    response.writeHead(await answer(request), { "content-type": "application/json" }).end("{}");
  });
  origin = api.origin;
  const { window } = new JSDOM("", { url: `${origin}/app/index.html` });
  const page = { window, document: window.document, location: window.location, XMLHttpRequest: window.XMLHttpRequest };
  for (const [name, value] of [...Object.entries(page), ...missing.map((one) => [one, undefined] as const)]) {
    replaced[name] = globals[name];
    globals[name] = value;
  }
  // It looks at its surroundings when it is loaded.
  axios = (await import("axios")).default;
  ({ attachBearer } = await import("@tokenflight/axios"));
});

afterAll(async () => {
  Object.assign(globals, replaced);
  await api[Symbol.asyncDispose]();
});

function attached(
  config: object,
  scheme?: (tokens: { accessToken: string }, request: { url: string }) => Record<string, string>,
): AxiosInstance {
  arrived = [];
  let number = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: `token-${(number += 1)}`, expires_in: 600 }) });
  const instance = axios.create({ adapter: "xhr", ...config });
  attachBearer(instance, tokens, scheme === undefined ? {} : { scheme });
  return instance;
}

describe.each(["/api", "api", () => `${origin}/api`])("a page with the base URL %s", (base) => {
  const baseURL = (): string => (typeof base === "string" ? base : base());
  const path = base === "api" ? "/app/api/orders" : "/api/orders";

  it("I120 a refused GET and a refused POST are renewed and replayed", async () => {
    const instance = attached({ baseURL: baseURL() });
    expect((await instance.post("/orders", { order: 1 })).status).toBe(200);
    expect(arrived).toEqual([
      ["POST", path, "Bearer token-1", '{"order":1}'],
      ["POST", path, "Bearer token-2", '{"order":1}'],
    ]);
    expect((await attached({ baseURL: baseURL() }).get("/orders", { params: { page: 1 } })).status).toBe(200);
    expect(arrived.map(([, url]) => url)).toEqual([`${path}?page=1`, `${path}?page=1`]);
  });

  it("I120 a scheme gets the absolute URL", async () => {
    const seen: string[] = [];
    const instance = attached({ baseURL: baseURL() }, ({ accessToken }, { url }) => {
      seen.push(url);
      return { authorization: `Bearer ${accessToken}` };
    });
    await instance.get("/orders");
    expect(seen).toEqual([origin + path, origin + path]);
  });

  it("I120 a limit that is reached while a token is waited for is axios's own error", async () => {
    const instance = axios.create({ adapter: "xhr", baseURL: baseURL() });
    attachBearer(instance, createTokenCache({ source: () => new Promise(() => {}) }));
    const [outcome] = await Promise.allSettled([instance.get("/orders", { timeout: 20 })]);
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(axios.AxiosError);
    expect((outcome as PromiseRejectedResult).reason).toMatchObject({ code: "ECONNABORTED", message: "timeout of 20ms exceeded" });
  });
});

it("I120 an instance without a base URL has to be told, in a page as well", () => {
  expect(() => attached({})).toThrow("origins: expected at least one origin");
});

it("I120 the list of adapters that axios has by itself works in a page, too", async () => {
  expect((await attached({ baseURL: "/api", adapter: ["xhr", "http", "fetch"] }).get("/orders")).status).toBe(200);
});
