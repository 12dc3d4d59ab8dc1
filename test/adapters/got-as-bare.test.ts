import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type Got, type OptionsInit, type Response } from "got";
import { asBare, type Story } from "./as-bare.ts";

type Tell = Parameters<Story<Got>>[1];

/** Hooks of every kind that tell of everything that they are given. */
const hooks = (tell: Tell): NonNullable<ExtendOptions["hooks"]> => ({
  init: [(raw, options) => tell("init", Object.keys(raw).toSorted(), options.method)],
  beforeRequest: [(options, context) => tell("beforeRequest", options.method, options.url, options.headers, options.retry.limit, context)],
  beforeRedirect: [(options, response) => tell("beforeRedirect", options.method, options.url, options.headers, response.statusCode)],
  beforeRetry: [(error, count) => tell("beforeRetry", error, count, error.options.headers)],
  afterResponse: [
    (response) => {
      tell("afterResponse", seenOf(response));
      return response;
    },
  ],
  beforeError: [
    (error) => {
      tell("beforeError", error, error.request?.retryCount);
      return error;
    },
  ],
});

function seenOf(response: Response<unknown>): unknown {
  const { statusCode, statusMessage, body, url, requestUrl, redirectUrls, isFromCache, retryCount, ok, method, headers, request, timings } =
    response;
  const phases = Object.keys(timings?.phases ?? {}).toSorted();
  return [
    statusCode,
    statusMessage,
    body,
    url,
    requestUrl,
    redirectUrls,
    isFromCache,
    retryCount,
    ok,
    method,
    headers,
    request.options.headers,
    phases,
  ];
}

const quick = { limit: 2, calculateDelay: ({ computedValue }: { computedValue: number }) => Math.min(computedValue, 1) };
const called =
  (method: string, path: string, more: OptionsInit = {}): Story<Got> =>
  async (api, tell, origin) => {
    const response = (await api(origin + path, { method, hooks: hooks(tell), retry: quick, ...more } as object)) as Response<unknown>;
    tell(seenOf(response));
  };

const streamed =
  (path: string, more: OptionsInit = {}): Story<Got> =>
  async (api, tell, origin) => {
    const stream = api.stream(origin + path, { retry: { limit: 0 }, ...more } as object);
    for (const event of ["request", "response", "redirect", "retry", "error", "end", "close"])
      stream.on(event, (given: unknown) =>
        tell(event, (given as object | undefined)?.constructor.name, given instanceof Error ? given : undefined),
      );
    let length = 0;
    for await (const chunk of stream) length += (chunk as Buffer).length;
    tell(length, stream.downloadProgress, stream.uploadProgress, stream.retryCount, stream.redirectUrls);
  };

asBare<Got>(
  "got",
  (origin, tokens) => (tokens === undefined ? got.extend({}) : got.extend(bearer(tokens, { origins: origin }))),
  {
    "a GET tells its hooks": called("GET", "/"),
    "a POST with JSON does": called("POST", "/echo", { json: { a: 1 } }),
    "a POST with a form does": called("POST", "/echo", { form: { a: 1 } }),
    HEAD: called("HEAD", "/"),
    "search parameters are added": called("GET", "/echo", { searchParams: { b: 2 } }),
    ...Object.fromEntries(
      [400, 403, 404, 408, 413, 429, 500, 502, 503, 504, 521].map((status) => [`GET ${status}`, called("GET", `/status/${status}`)]),
    ),
    "POST 503 is not retried": called("POST", "/status/503", { body: "a" }),
    "503, 503, 200": called("GET", "/status/503,503,200"),
    "503 with Retry-After": called("GET", "/after/0"),
    "calculateDelay decides, and sees everything": async (api, tell, origin) => {
      const calculateDelay = ({ attemptCount, error, computedValue, retryOptions }: Record<string, unknown>): number => {
        // got adds some noise to what it computes.
        tell(attemptCount, error, Math.round(Number(computedValue) / 1000), retryOptions);
        return attemptCount === 3 ? 0 : 1;
      };
      return api(`${origin}/status/503`, { retry: { limit: 5, calculateDelay } as object });
    },
    "a broken connection is retried": called("GET", "/reset/1"),
    "a broken connection is given up": called("GET", "/reset"),
    "nobody listens": (api, tell) => api("http://127.0.0.1:1/", { hooks: hooks(tell), retry: quick }),
    "throwHttpErrors: false": called("GET", "/status/404", { throwHttpErrors: false }),
    "responseType json": called("GET", "/echo", { responseType: "json" }),
    "responseType buffer": called("GET", "/echo", { responseType: "buffer" }),
    "no JSON": called("GET", "/text", { responseType: "json" }),
    "the shortcuts": async (api, tell, origin) =>
      tell(await api(origin).json(), await api(origin).text(), (await api(origin).buffer()).length),
    resolveBodyOnly: (api, tell, origin) => (tell("body"), api(`${origin}/echo`, { resolveBodyOnly: true })),
    "a timeout of the request": called("GET", "/never", { timeout: { request: 30 } }),
    "a timeout of the response": called("GET", "/never", { timeout: { response: 30 }, retry: { limit: 0 } }),
    "an abort": async (api, tell, origin) => {
      const abort = new AbortController();
      const call = api(`${origin}/never`, { signal: abort.signal, hooks: hooks(tell) });
      setImmediate(() => abort.abort());
      return call;
    },
    "an abort before": async (api, tell, origin) => {
      tell("begins");
      return api(origin, { signal: AbortSignal.abort(), hooks: hooks(tell) });
    },
    "an abort in a retry's wait": async (api, tell, origin) => {
      const abort = new AbortController();
      return api(`${origin}/status/503`, {
        signal: abort.signal,
        retry: quick,
        hooks: { beforeRetry: [(error) => (tell(error), abort.abort())] },
      });
    },
    "beforeRequest gives a response": async (api, tell, origin) => {
      tell("begins");
      return api(origin, { hooks: { beforeRequest: [() => ({ statusCode: 201, body: "mine" }) as never] } }).text();
    },
    "beforeRequest changes headers": called("GET", "/echo", {
      hooks: { beforeRequest: [(options) => void (options.headers["x-b"] = "1")] },
    }),
    "beforeRequest throws": async (api, tell, origin) => {
      const mine = new RangeError("mine");
      const beforeRequest = [() => Promise.reject(mine)];
      await api(origin, { hooks: { beforeRequest } }).catch((error: unknown) => tell(error, (error as Error).cause === mine));
    },
    "afterResponse retries with other options": async (api, tell, origin) => {
      const afterResponse = [
        (response: Response, retry: (options: OptionsInit) => never) =>
          response.statusCode === 403 ? retry({ headers: { "x-b": "1" } }) : response,
      ];
      tell(seenOf(await api(`${origin}/status/403,200`, { hooks: { ...hooks(tell), afterResponse } })));
    },
    "afterResponse gives another": async (api, tell, origin) => {
      let given: Response | undefined;
      const afterResponse = [(response: Response) => (given = Object.assign(response, { body: "mine" }))];
      const response = await api(origin, { hooks: { afterResponse } });
      tell(response.body, response === given);
    },
    "beforeError gives another": (api, tell, origin) => (
      tell("begins"),
      api(`${origin}/status/404`, { hooks: { beforeError: [() => new RangeError("mine") as never] } })
    ),
    "the error has request, response and options": async (api, tell, origin) => {
      const error = (await api(`${origin}/status/404`).catch((reason: unknown) => reason)) as {
        response: Response;
        options: { url: URL; headers: object };
        timings: object;
      };
      tell(seenOf(error.response), error.options.url, error.options.headers, Object.keys(error.timings));
    },
    ...Object.fromEntries(
      [301, 302, 303, 307, 308].flatMap((status) => [
        [`GET, ${status}`, called("GET", `/redirect/${status}`)],
        [`POST, ${status}`, called("POST", `/redirect/${status}`, { body: "a" })],
      ]),
    ),
    "a redirect that is not followed": called("GET", "/redirect/302", { followRedirect: false }),
    "redirects without an end": called("GET", "/loop", { maxRedirects: 3 }),
    packed: called("GET", "/packed"),
    "packed, as it came": called("GET", "/packed", { decompress: false }),
    "a response that breaks off": called("GET", "/cut", { retry: { limit: 0 } }),
    progress: async (api, tell, origin) => {
      const call = api.post(`${origin}/long`, { body: "x".repeat(1000) });
      for (const event of ["uploadProgress", "downloadProgress"] as const)
        void call.on(event, ({ percent, total }) => [0, 1].includes(percent) && tell(event, percent, total));
      tell((await call).body.length);
    },
    "a cache": async (api, tell, origin) => {
      const cache = new Map<string, never>();
      for (let count = 0; count < 2; count += 1) tell((await api(`${origin}/cached`, { cache: cache as never })).isFromCache);
    },
    "a jar of cookies": (api, tell, origin) => {
      const cookieJar = { getCookieString: async (url: string) => (tell(url), "a=b"), setCookie: async () => {} };
      return api(origin, { cookieJar }).text();
    },
    pages: async (api, tell, origin) => {
      const pagination = {
        transform: ({ body }: Response) => [body],
        paginate: ({ currentItems }: { currentItems: unknown[] }) => (tell(currentItems.length), false),
        backoff: 0,
      };
      tell(await api.paginate.all(origin, { pagination } as never));
    },
    "an own request function": async (api, tell, origin) => {
      const { request } = await import("node:http");
      return api(`${origin}/echo`, {
        request: ((...given: Parameters<typeof request>) => (tell(given.length, given[0]), request(...given))) as never,
      }).text();
    },
    "a stream": streamed("/long"),
    "a stream, redirected": streamed("/redirect/302"),
    "a stream, 404": streamed("/status/404"),
    "a stream that breaks off": streamed("/cut"),
    "a stream that waits too long": streamed("/never", { timeout: { request: 30 } }),
    "other protocols": (api, tell) => (tell("begins"), api("ftp://127.0.0.1/")),
    "options that are none": (api, tell, origin) => (tell("begins"), api(origin, { nothing: 1 } as never)),
    "extended once more": async (api, tell, origin) => {
      const child = api.extend({
        headers: { "x-a": "1" },
        handlers: [(options, next) => (tell("handler", options.headers), next(options))],
      });
      tell(await child(`${origin}/echo`, { headers: { "x-b": "2" } }).json());
    },
  },
  {
    "a cache":
      "got sees that the request is authenticated, and keeps no answer that the API does not call public (RFC 9111 section 3.5), as with a header of the caller's",
  },
);
