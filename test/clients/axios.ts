import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosInstance, type AxiosRequestConfig } from "axios";
import type { ClientUnderTest, Send } from "./client-under-test.ts";

function axiosWith(name: string, adapter: "http" | "fetch"): ClientUnderTest {
  const create = (baseURL: string): AxiosInstance =>
    axios.create({ baseURL, adapter, validateStatus: null, responseType: "text", transformResponse: [(text: string) => text] });

  const sender =
    (api: AxiosInstance, more: AxiosRequestConfig["headers"] = {}): Send =>
    async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
      const config: AxiosRequestConfig = {
        method,
        url: path,
        headers: { "x-client": name, "content-type": "text/plain", ...headers, ...more },
      };
      // axios's http adapter takes Node's streams only.
      if (body !== undefined) config.data = typeof body === "object" && adapter === "http" ? Readable.fromWeb(body as WebStream) : body;
      if (signal !== undefined) config.signal = signal;
      const { status, data } = await api.request<string>(config);
      return { status, body: data };
    };

  return {
    name,
    connect(tokens, origin, options = {}) {
      const api = create(origin);
      if (tokens !== undefined) attachBearer(api, tokens, options);
      return sender(api);
    },
    withoutToken(tokens, origin) {
      const api = create(origin);
      attachBearer(api, tokens);
      return sender(api, { Authorization: null });
    },
  };
}

export const axiosByHttp: ClientUnderTest = axiosWith("axios", "http");
export const axiosByFetch: ClientUnderTest = axiosWith("axios with fetch", "fetch");
