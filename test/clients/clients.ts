import { attachBearer } from "@tokenflight/axios";
import { TokenflightError, type BearerOptions, type TokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import got, { type OptionsOfTextResponseBody, type Response } from "got";
import ky from "ky";
import * as undici from "undici";

export interface Outgoing {
  readonly method?: "GET" | "POST";
  /** A path of the API, or a whole URL. */
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** What a caller gets in the end, in whichever form its client gives it. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
}

export type Send = (request: Outgoing) => Promise<Outcome>;

/** What all adapters offer alike, whatever their client's own response is. */
export type CommonOptions = Pick<BearerOptions<never>, "origins" | "replay" | "scheme">;

export interface ClientUnderTest {
  readonly name: string;
  /** A client with these tokens that gives every answer back as it is and retries nothing by itself. */
  readonly connect: (tokens: TokenCache, origin: string, options?: CommonOptions) => Send;
}

export const clients: readonly ClientUnderTest[] = [
  axiosWith("axios", "http"),
  axiosWith("axios with fetch", "fetch"),
  {
    name: "got",
    connect(tokens, origin, options = {}) {
      const api = got.extend(gotBearer(tokens, { origins: origin, ...options }), { throwHttpErrors: false, retry: { limit: 0 } });
      return async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
        const request: OptionsOfTextResponseBody = { method, headers: { "x-client": "got", ...headers } };
        if (body !== undefined) request.body = body;
        if (signal !== undefined) request.signal = signal;
        const response = (await api(URL.parse(path, origin)?.href ?? path, request)) as Response<string>;
        return { status: response.statusCode, body: response.body };
      };
    },
  },
  {
    name: "ky",
    connect(tokens, origin, options = {}) {
      const api = ky.create({ baseUrl: origin, retry: 0, timeout: false, throwHttpErrors: false }).extend(kyBearer(tokens, options));
      return async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
        const response = await api(path, {
          method,
          headers: { "x-client": "ky", ...headers },
          ...(body === undefined ? {} : { body }),
          ...(signal === undefined ? {} : { signal }),
        });
        return { status: response.status, body: await response.text() };
      };
    },
  },
  {
    name: "fetch",
    connect: (tokens, origin, options = {}) =>
      sendByFetch("fetch", fetchBearer(tokens, { origins: origin, ...options })(globalThis.fetch), origin),
  },
  {
    name: "undici",
    connect(tokens, origin, options = {}) {
      const agent = new undici.Agent().compose(
        undici.interceptors.redirect({ maxRedirections: 5 }),
        undiciBearer(tokens, { origins: origin, ...options }),
      );
      return async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
        const response = await undici.request(new URL(path, origin), {
          dispatcher: agent,
          method,
          headers: { "x-client": "undici", ...headers },
          ...(body === undefined ? {} : { body }),
          ...(signal === undefined ? {} : { signal }),
        });
        return { status: response.statusCode, body: await response.body.text() };
      };
    },
  },
];

function sendByFetch(name: string, fetch: typeof globalThis.fetch, origin: string): Send {
  return async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: { "x-client": name, ...headers },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, body: await response.text() };
  };
}

function axiosWith(name: string, adapter: "http" | "fetch"): ClientUnderTest {
  return {
    name,
    connect(tokens, origin, options = {}) {
      const api = axios.create({
        baseURL: origin,
        adapter,
        validateStatus: null,
        responseType: "text",
        transformResponse: [(text: string) => text],
      });
      attachBearer(api, tokens, options);
      return async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
        const { status, data } = await api.request<string>({
          method,
          url: path,
          headers: { "x-client": name, "content-type": "text/plain", ...headers },
          ...(body === undefined ? {} : { data: body }),
          ...(signal === undefined ? {} : { signal }),
        });
        return { status, body: data };
      };
    },
  };
}

/** The error of ours in what a client rejects with: clients wrap the errors of their hooks and adapters in their own. */
export function tokenErrorIn(error: unknown): TokenflightError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (TokenflightError.is(current)) return current;
  }
  return undefined;
}
