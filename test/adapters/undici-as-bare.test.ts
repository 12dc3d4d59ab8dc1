import { bearer } from "@tokenflight/undici";
import { Agent, fetch, interceptors, RetryAgent, type Dispatcher } from "undici";
import { Writable } from "node:stream";
import { asBare, type Story } from "./as-bare.ts";

type Options = Omit<Dispatcher.RequestOptions, "origin" | "path" | "method">;

const called =
  (method: string, path: string, more: Options = {}, compose: Dispatcher.DispatcherComposeInterceptor[] = []): Story<Dispatcher> =>
  async (api, tell, origin) => {
    const dispatcher = compose.length === 0 ? api : api.compose(compose);
    const response = await dispatcher.request({ origin, path, method, ...more });
    const { statusCode, headers, trailers, opaque, body } = response;
    tell(Object.keys(response).toSorted(), statusCode, headers, trailers, opaque, body.constructor.name, await body.text());
  };

/** A handler that tells of each event, with what can be told of its arguments. */
function telling(tell: (...seen: unknown[]) => void, done: () => void): Dispatcher.DispatchHandler {
  let length = 0;
  return {
    onRequestStart: (controller, context) => tell("onRequestStart", controller.aborted, controller.paused, Object.keys(context as object)),
    onResponseStart: (_controller, status, headers, message) => tell("onResponseStart", status, headers, message),
    onResponseData: (_controller, chunk) => void (length += chunk.length),
    onResponseEnd: (_controller, trailers) => (tell("onResponseEnd", length, trailers), done()),
    onResponseError: (_controller, error) => (tell("onResponseError", length, error), done()),
  };
}

const dispatched =
  (path: string, more: Partial<Dispatcher.DispatchOptions> = {}): Story<Dispatcher> =>
  (api, tell, origin) =>
    new Promise<void>((resolve) => {
      tell(api.dispatch({ origin, path, method: "GET", ...more }, telling(tell, resolve)));
    });

const { redirect, retry, responseError, decompress, dump } = interceptors;

asBare<Dispatcher>(
  "undici",
  (origin, tokens) => {
    const agent = new Agent();
    return tokens === undefined ? agent.compose([]) : agent.compose(bearer(tokens, { origins: origin }));
  },
  {
    "a GET": called("GET", "/", { opaque: { mine: true } as never }),
    "a POST": called("POST", "/echo", { body: "a", headers: { "content-type": "text/plain", "x-a": "1" } }),
    HEAD: called("HEAD", "/"),
    "a query": called("GET", "/echo", { query: { a: 1 } }),
    ...Object.fromEntries([204, 304, 400, 403, 404, 429, 500, 503].map((status) => [`GET ${status}`, called("GET", `/status/${status}`)])),
    "each event of a handler": dispatched("/long"),
    "each event of one that waits": dispatched("/never", { headersTimeout: 30 }),
    "each event of a broken connection": dispatched("/reset"),
    "each event of a response that breaks off": dispatched("/cut"),
    "each event where nobody listens": (api, tell) =>
      new Promise<void>((resolve) => {
        tell(api.dispatch({ origin: "http://127.0.0.1:1", path: "/", method: "GET" }, telling(tell, resolve)));
      }),
    "an abort by the handler": (api, tell, origin) =>
      new Promise<void>((resolve) => {
        const handler = telling(tell, resolve);
        const onResponseStart: Dispatcher.DispatchHandler["onResponseStart"] = (controller) => controller.abort(new RangeError("enough"));
        api.dispatch({ origin, path: "/long", method: "GET" }, { ...handler, onResponseStart });
      }),
    "an abort": async (api, tell, origin) => {
      const abort = new AbortController();
      const mine = new RangeError("enough");
      setImmediate(() => abort.abort(mine));
      await api
        .request({ origin, path: "/never", method: "GET", signal: abort.signal })
        .catch((error: unknown) => tell(error, error === mine));
    },
    "an abort before": async (api, tell, origin) => {
      await api.request({ origin, path: "/", method: "GET", signal: AbortSignal.abort() }).catch((error: unknown) => tell(error));
    },
    "an abort while the body comes": async (api, tell, origin) => {
      const abort = new AbortController();
      const { body } = await api.request({ origin, path: "/long", method: "GET", signal: abort.signal });
      abort.abort();
      await body.text().catch((error: unknown) => tell(error));
    },
    "invalid options": async (api, tell, origin) => {
      for (const more of [
        { method: "G T" },
        { path: "x" },
        { headers: 1 },
        { body: 1 },
        { upgrade: 1 },
        { headersTimeout: -1 },
        { query: 1 },
      ])
        await api.request({ origin, path: "/", method: "GET", ...more } as never).catch((error: unknown) => tell(Object.keys(more), error));
    },
    "informational answers": (api, tell, origin) => (
      tell("begins"),
      api.request({ origin, path: "/", method: "GET", onInfo: (info: unknown) => tell(info) }).then(({ statusCode }) => statusCode)
    ),
    "redirects, outside": called("GET", "/redirect/302", {}, [redirect({ maxRedirections: 2 })]),
    "a redirected POST": called("POST", "/redirect/307", { body: "a" }, [redirect({ maxRedirections: 2 })]),
    "redirects without an end": called("GET", "/loop", {}, [redirect({ maxRedirections: 2, throwOnMaxRedirect: true })]),
    "retries, outside": called("GET", "/status/503,503,200", {}, [retry({ maxRetries: 3, minTimeout: 1, maxTimeout: 1 })]),
    "retries that are given up": called("GET", "/status/503", {}, [retry({ maxRetries: 1, minTimeout: 1, maxTimeout: 1 })]),
    "a broken connection is retried": called("GET", "/reset/1", {}, [retry({ maxRetries: 2, minTimeout: 1, maxTimeout: 1 })]),
    "retry is asked": async (api, tell, origin) => {
      const asked = retry({ retry: (error, { state, opts }, done) => (tell(error, state, Object.keys(opts).toSorted()), done(error)) });
      return called("GET", "/status/503", {}, [asked])(api, tell, origin);
    },
    "a RetryAgent": async (api, tell, origin) => {
      const agent = new RetryAgent(api as Agent, { maxRetries: 2, minTimeout: 1, maxTimeout: 1 });
      tell((await agent.request({ origin, path: "/status/503,200", method: "GET" })).statusCode);
    },
    responseError: called("GET", "/status/404", {}, [responseError()]),
    decompress: called("GET", "/packed", {}, [decompress()]),
    dump: called("GET", "/long", {}, [dump({ maxSize: 1000 })]),
    stream: async (api, tell, origin) => {
      let length = 0;
      const write = (chunk: Buffer, _encoding: string, done: () => void): void => ((length += chunk.length), done());
      const given = await api.stream(
        { origin, path: "/long", method: "GET", opaque: 1 },
        ({ statusCode, headers, opaque }) => (tell(statusCode, headers, opaque), new Writable({ write })),
      );
      tell(Object.keys(given).toSorted(), length);
    },
    pipeline: async (api, tell, origin) => {
      const duplex = api.pipeline({ origin, path: "/echo", method: "POST" }, ({ statusCode, body }) => (tell(statusCode), body));
      duplex.end("a");
      let text = "";
      for await (const chunk of duplex) text += String(chunk);
      tell(text);
    },
    fetch: async (api, tell, origin) => {
      const response = await fetch(`${origin}/redirect/307`, { dispatcher: api, method: "POST", body: "a" });
      tell(response.status, response.url, response.redirected, await response.json());
    },
    "fetch, broken": async (api, tell, origin) => {
      await fetch(`${origin}/reset`, { dispatcher: api }).catch((error: unknown) => tell(error));
    },
    callbacks: (api, tell, origin) =>
      new Promise<void>((resolve) => {
        api.request({ origin, path: "/", method: "GET" }, (error, data) => {
          tell(error, data.statusCode);
          data.body.resume().once("end", resolve);
        });
      }),
    "interceptors stand in their order": async (api, tell, origin) => {
      const named =
        (name: string): Dispatcher.DispatcherComposeInterceptor =>
        (dispatch) =>
        (options, handler) => (tell(name, options.path), dispatch(options, handler));
      return called("GET", "/", {}, [named("inner"), named("outer")])(api, tell, origin);
    },
  },
);
