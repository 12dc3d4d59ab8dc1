import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { attachBearer } from "@tokenflight/axios";
import newest, { type AxiosInstance, type AxiosRequestConfig, type CreateAxiosDefaults } from "axios";
import lowest from "axios-lowest";
import type { ClientUnderTest, Hook, Send, Setting } from "./client-under-test.ts";

interface Way {
  readonly name: string;
  readonly adapter: "http" | "fetch";
  readonly axios?: typeof newest;
}

function axiosWith({ name, adapter, axios = newest }: Way): ClientUnderTest {
  const create = (origin: string, { base = "", timeout, failure }: Setting = {}): AxiosInstance => {
    const config: CreateAxiosDefaults = {
      baseURL: origin + base,
      adapter,
      validateStatus: null,
      responseType: "text",
      transformResponse: [(text: string) => text],
    };
    if (timeout !== undefined) config.timeout = timeout;
    const fail = (): Promise<never> => Promise.reject(failure);
    if (failure !== undefined) Object.assign(config, adapter === "http" ? { adapter: fail } : { env: { fetch: fail } });
    return axios.create(config);
  };

  const sender =
    (api: AxiosInstance, more: AxiosRequestConfig["headers"] = {}): Send =>
    async ({ method = "GET", path = "/", body, headers = {}, asGiven, signal }) => {
      const config: AxiosRequestConfig = {
        method,
        url: path,
        headers: asGiven ? headers : { "x-client": name, "content-type": "text/plain", ...headers, ...more },
      };
      // axios's http adapter takes Node's streams only.
      if (body !== undefined)
        config.data = body instanceof ReadableStream && adapter === "http" ? Readable.fromWeb(body as WebStream) : body;
      if (signal !== undefined) config.signal = signal;
      const { status, data } = await api.request<string>(config);
      return { status, body: data };
    };

  return {
    name,
    connect(tokens, origin, options = {}, setting = {}) {
      const api = create(origin, setting);
      intercept(api, setting.hooks?.[0]);
      if (tokens !== undefined) attachBearer(api, tokens, options);
      intercept(api, setting.hooks?.[1]);
      return sender(api);
    },
    async detached(tokens, origin) {
      const api = create(origin);
      const detach = attachBearer(api, tokens);
      await sender(api)({});
      detach();
      return sender(api);
    },
    withoutToken(tokens, origin) {
      const api = create(origin);
      attachBearer(api, tokens);
      return sender(api, { Authorization: null });
    },
  };
}

function intercept(api: AxiosInstance, hook: Hook | undefined): void {
  if (hook === undefined) return;
  api.interceptors.request.use((config) => {
    hook("request");
    return config;
  });
  api.interceptors.response.use((response) => {
    hook(`response ${response.status}`);
    return response;
  });
}

export const axiosByHttp: ClientUnderTest = axiosWith({ name: "axios", adapter: "http" });
export const axiosByFetch: ClientUnderTest = axiosWith({ name: "axios with fetch", adapter: "fetch" });

/** The oldest version of the peer range. Its types have nothing to do with those of the newest. */
export const axiosLowestByHttp: ClientUnderTest = axiosWith({
  name: "axios 1.7.0",
  adapter: "http",
  axios: lowest as unknown as typeof newest,
});
