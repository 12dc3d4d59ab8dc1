import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios, { type InternalAxiosRequestConfig } from "axios";
import got, { type NormalizedOptions } from "got";
import { Agent } from "undici";
import { expect, it } from "vitest";
import { startWireApi } from "./wire-session.ts";

/** Begins a call to an API; what it gives changes the target of that call to somewhere else. */
type Begin = (tokens: TokenCache, origin: string) => { call: Promise<unknown>; lead: (elsewhere: URL) => void };

const byAxios =
  (adapter: string): Begin =>
  (tokens, origin) => {
    const instance = axios.create({ baseURL: origin, adapter, validateStatus: null });
    let config: InternalAxiosRequestConfig | undefined;
    instance.interceptors.request.use((given) => (config = given), null, { synchronous: true });
    attachBearer(instance, tokens);
    return { call: instance.get("/"), lead: ({ href }) => Object.assign(config ?? {}, { baseURL: undefined, url: href }) };
  };

const ways: [string, Begin][] = [
  ["the config of axios", byAxios("http")],
  ["the config of axios with fetch", byAxios("fetch")],
  [
    "the URL in got's options",
    (tokens, origin) => {
      let options: NormalizedOptions | undefined;
      const keep = (given: NormalizedOptions): void => void (options = given);
      const api = got.extend({ throwHttpErrors: false, hooks: { beforeRequest: [keep] } }, gotBearer(tokens, { origins: origin }));
      return { call: Promise.resolve(api(origin)), lead: ({ port }) => Object.assign(options?.url ?? {}, { port }) };
    },
  ],
  [
    "a URL object given to fetch",
    (tokens, origin) => {
      const url = new URL(origin);
      const call = fetchBearer(tokens, { origins: origin })(globalThis.fetch)(url);
      return { call, lead: ({ port }) => Object.assign(url, { port }) };
    },
  ],
  [
    "a URL object given to undici",
    (tokens, origin) => {
      const url = new URL(origin);
      const client = new Agent().compose(undiciBearer(tokens, { origins: origin }));
      const call = client.request({ origin: url, path: "/", method: "GET" }).then(({ body }) => body.dump());
      return { call, lead: ({ port }) => Object.assign(url, { port }) };
    },
  ],
];

it.each(ways)("%s may change while a token is awaited: the token does not go where it leads then", async (_name, begin) => {
  await using api = await startWireApi(() => true);
  await using elsewhere = await startWireApi(() => true);
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const tokens = createTokenCache({
    async source() {
      asked.resolve();
      await gate.promise;
      return { access_token: "token" };
    },
  });
  const { call, lead } = begin(tokens, api.origin);
  await asked.promise;

  lead(new URL(elsewhere.origin));
  gate.resolve();
  await call;

  expect(api.requests.length + elsewhere.requests.length).toBe(1);
  expect(elsewhere.requests.filter(({ token }) => token !== undefined)).toEqual([]);
});
