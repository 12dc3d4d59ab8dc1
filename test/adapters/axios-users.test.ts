import { AsyncLocalStorage } from "node:async_hooks";
import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosInstance, type AxiosRequestConfig } from "axios";
import { expect, it } from "vitest";
import { actAtRandom, type Ask } from "./many-users.ts";

const create = (origin: string, adapter: string): AxiosInstance =>
  axios.create({ baseURL: origin, adapter, responseType: "text", transformResponse: [(text: string) => text], validateStatus: null });

/** Asks until the API is available. `more` is what the caller says of itself in the config. */
const asking =
  (api: AxiosInstance, more: (user: string) => object = () => ({})): Ask =>
  async (user, { path, method, body }) => {
    for (;;) {
      const config: AxiosRequestConfig = { url: path, method, data: body, ...more(user) };
      const { status, data } = await api.request<string>(config);
      if (status !== 503) return data;
    }
  };

it("http: 200 users in random orders: nobody gets another's token or answer: tokens by a field of the config", async () => {
  const requests = await actAtRandom(({ origin, tokensOf }) => {
    const api = create(origin, "http");
    attachBearer(api, (config) => tokensOf((config as { user?: string }).user ?? "nobody"));
    return asking(api, (user) => ({ user }));
  });

  expect(requests).toBeGreaterThan(400);
}, 120_000);

it("fetch: 200 users in random orders: nobody gets another's token or answer: tokens by AsyncLocalStorage", async () => {
  const current = new AsyncLocalStorage<string>();

  const requests = await actAtRandom(({ origin, tokensOf }) => {
    const api = create(origin, "fetch");
    attachBearer(api, () => tokensOf(current.getStore() ?? "nobody"));
    const ask = asking(api);
    return (user, request) => current.run(user, () => ask(user, request));
  });

  expect(requests).toBeGreaterThan(400);
}, 120_000);
