import { bearer } from "@tokenflight/ky";
import ky, { type KyInstance, type Options } from "ky";
import { asBare, type Story } from "./as-bare.ts";

type Tell = Parameters<Story<KyInstance>>[1];

/** The adapter is ky's option `fetch`, and is seen where options are. */
const namesOf = (options: object): string[] =>
  Object.keys(options)
    .filter((name) => name !== "fetch")
    .toSorted();

/** Hooks of every kind that tell of everything that they are given. */
const hooks = (tell: Tell): NonNullable<Options["hooks"]> => ({
  init: [(options) => tell("init", namesOf(options))],
  beforeRequest: [(state) => tell("beforeRequest", Object.keys(state).toSorted(), state.request, state.retryCount)],
  beforeRetry: [(state) => tell("beforeRetry", Object.keys(state).toSorted(), state.request, state.error, state.retryCount)],
  afterResponse: [(state) => tell("afterResponse", Object.keys(state).toSorted(), state.request, state.response, state.retryCount)],
  beforeError: [
    (state) => {
      tell("beforeError", Object.keys(state).toSorted(), state.error);
      return state.error;
    },
  ],
});

const quick = { limit: 2, delay: () => 1 };
const called =
  (method: string, path: string, more: Options = {}): Story<KyInstance> =>
  async (api, tell) => {
    const response = await api(path, { method, hooks: hooks(tell), retry: quick, ...more });
    tell(response, await response.text());
  };

asBare<KyInstance>(
  "ky",
  (origin, tokens) => {
    const plain = ky.create({ baseUrl: origin });
    return tokens === undefined ? plain : plain.extend(bearer(tokens));
  },
  {
    "a GET tells its hooks": called("GET", "/"),
    "a POST with JSON does": called("POST", "/echo", { json: { a: 1 } }),
    "a form goes out as one": async (api) => {
      const form = new FormData();
      form.append("a", "b");
      return (await api.post<{ method: string }>("/echo", { body: form }).json()).method;
    },
    "search parameters are added": called("GET", "/echo?a=1", { searchParams: { b: 2 } }),
    ...Object.fromEntries(
      [400, 403, 404, 408, 413, 429, 500, 502, 503, 504].map((status) => [`GET ${status}`, called("GET", `/status/${status}`)]),
    ),
    "POST 503 is not retried": called("POST", "/status/503", { body: "a" }),
    "503, 503, 200": called("GET", "/status/503,503,200"),
    "503 with Retry-After": called("GET", "/after/0"),
    "Retry-After beyond maxRetryAfter": called("GET", "/after/3", { retry: { limit: 1, maxRetryAfter: 1 } }),
    "shouldRetry decides": async (api, tell) => {
      const shouldRetry = (state: object): boolean => (tell(state), false);
      return api("/status/503", { retry: { limit: 3, shouldRetry } });
    },
    "a broken connection is retried": called("GET", "/reset/1"),
    "a broken connection is given up": called("GET", "/reset"),
    "throwHttpErrors: false": called("GET", "/status/404", { throwHttpErrors: false }),
    "throwHttpErrors is asked": called("GET", "/status/404", { throwHttpErrors: (status) => status !== 404 }),
    "no JSON": (api) => api("/text").json(),
    "JSON of 204": (api) => api("/status/204").json(),
    "JSON of nothing": (api) => api.head("/").text(),
    "parseJson is called": (api, tell) => api("/echo", { parseJson: (text) => (tell(text), { mine: true }) }).json(),
    "a timeout": called("GET", "/never", { timeout: 30 }),
    "a timeout of all tries": called("GET", "/never", { timeout: 30, retry: { limit: 1, retryOnTimeout: true, delay: () => 1 } }),
    "an abort has the caller's reason": async (api, tell) => {
      const abort = new AbortController();
      const reason = new RangeError("enough");
      const call = api("/never", { signal: abort.signal });
      setImmediate(() => abort.abort(reason));
      await call.catch((error: unknown) => tell(error, error === reason));
    },
    "an abort before": async (api, tell) => {
      await api("/", { signal: AbortSignal.abort() }).catch((error: unknown) => tell(error));
      tell("over");
    },
    "an abort in a retry's wait": async (api, tell) => {
      const abort = new AbortController();
      const beforeRetry = [() => abort.abort()];
      return api("/status/503", { signal: abort.signal, retry: quick, hooks: { beforeRetry } }).catch((error: unknown) => tell(error));
    },
    "beforeRequest gives the response": async (api, tell) => {
      const given = new Response("mine");
      const response = await api("/", { hooks: { ...hooks(tell), beforeRequest: [() => given] } });
      tell(response, response === given);
    },
    "beforeRequest gives another request": called("GET", "/", {
      hooks: { beforeRequest: [({ request }) => new Request(new URL("/echo", request.url), { method: "PUT", body: "x" })] },
    }),
    "beforeRequest throws": async (api, tell) => {
      const mine = new RangeError("mine");
      const beforeRequest = [() => Promise.reject(mine)];
      await api("/", { hooks: { beforeRequest } }).catch((error: unknown) => tell(error, error === mine));
    },
    "afterResponse gives another": async (api, tell) => {
      const given = new Response("mine", { status: 201 });
      const response = await api("/", { hooks: { afterResponse: [() => given, ({ response: seen }) => tell(seen === given)] } });
      tell(response, response === given);
    },
    "afterResponse asks for a retry": async (api, tell) => {
      let left = 1;
      const afterResponse = [() => ((left -= 1) < 0 ? undefined : ky.retry({ delay: 1, code: "MINE" }))];
      const response = await api("/echo", { retry: 1, hooks: { ...hooks(tell), afterResponse } });
      tell(response);
    },
    "beforeRetry stops": (api) => api("/status/503", { retry: quick, hooks: { beforeRetry: [() => ky.stop] } }),
    "beforeError gives another": (api) => api("/status/404", { hooks: { beforeError: [() => new RangeError("mine")] } }),
    "the error has request, response and data": async (api, tell) => {
      const { request, response, options, data } = (await api("/status/404").catch((error: unknown) => error)) as Record<string, unknown>;
      tell(request, response, data, namesOf(options as object));
    },
    "a redirect": called("GET", "/redirect/302"),
    "a redirect of a POST": called("POST", "/redirect/307", { json: { a: 1 } }),
    "a redirect that is not followed": called("GET", "/redirect/302", { redirect: "manual", throwHttpErrors: false }),
    "redirects without an end": called("GET", "/loop", { retry: 0 }),
    packed: called("GET", "/packed"),
    "a response that breaks off": called("GET", "/cut"),
    "download progress": async (api, tell) => {
      const text = await api("/long", { onDownloadProgress: ({ percent }) => percent === 1 && tell(percent) }).text();
      tell(text.length);
    },
    "extended once more": async (api, tell) => {
      const child = api
        .extend({ headers: { "x-a": "1", accept: undefined as never } })
        .extend((parent) => (tell(namesOf(parent)), { hooks: hooks(tell) }));
      tell(await child("/echo", { headers: { "x-b": "2" } }).json());
    },
    "a fetch function of the caller's for one call": async (api, tell) => {
      const fetch = async (input: unknown, init: unknown): Promise<Response> => (
        tell(input instanceof Request, typeof init),
        new Response("mine")
      );
      return api("/", { fetch: fetch as typeof globalThis.fetch }).text();
    },
    "a context": (api, tell) => api("/", { context: { a: 1 }, hooks: { beforeRequest: [({ options }) => tell(options.context)] } }).text(),
    cloned: async (api, tell) => {
      const response = await api("/echo");
      tell(await response.clone().json(), await response.json(), response.bodyUsed);
    },
  },
);

/** As callers write it who send with another fetch: ky itself gives Requests and nothing else. */
const byRequest = async (request: Request): Promise<Response> => {
  const { url, method, headers, redirect, signal } = request;
  const body = method === "GET" ? null : await request.arrayBuffer();
  return globalThis.fetch(url, { method, headers, redirect, signal, body });
};

asBare<KyInstance>(
  "ky over a function that knows nothing but Requests",
  (origin, tokens) => {
    const plain = ky.create({ baseUrl: origin, retry: 0, fetch: byRequest as typeof fetch });
    return tokens === undefined ? plain : plain.extend(bearer(tokens));
  },
  Object.fromEntries(
    [301, 302, 303, 307, 308].flatMap((status) => [
      [`GET, ${status}`, called("GET", `/redirect/${status}`)],
      [`POST, ${status}`, called("POST", `/redirect/${status}`, { json: { a: 1 } })],
    ]),
  ),
);
