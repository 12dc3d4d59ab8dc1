import { attachBearer } from "@tokenflight/axios";
import axios, { AxiosError, AxiosHeaders, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { adapters } from "./axios-under-test.ts";
import { asBare, type Story } from "./as-bare.ts";

type Tell = Parameters<Story<AxiosInstance>>[1];

const seenOf = ({ status, statusText, headers, data, config, request, ...more }: AxiosResponse): unknown => [
  status,
  statusText,
  headers,
  typeof data === "string" || typeof data !== "object" ? data : { ...data },
  config,
  (request as object | undefined)?.constructor.name,
  Object.keys(more),
];

const errorOf = (error: unknown): unknown => {
  if (!(error instanceof AxiosError)) return error;
  const { response, config, request, status } = error;
  return [
    error,
    axios.isCancel(error),
    status,
    response && seenOf(response),
    config,
    (request as object | undefined)?.constructor.name,
    Object.keys(error.toJSON()),
  ];
};

const hooked = (api: AxiosInstance, tell: Tell): AxiosInstance => {
  for (const name of ["first", "second"]) {
    api.interceptors.request.use(
      (config) => (tell(name, "request", config), config),
      (error: unknown) => {
        tell(name, "request failed", error);
        throw error;
      },
    );
    api.interceptors.response.use(
      (response) => (tell(name, "response", seenOf(response)), response),
      (error: unknown) => {
        tell(name, "failure", errorOf(error));
        throw error;
      },
    );
  }
  return api;
};

const called =
  (method: string, url: string, more: AxiosRequestConfig = {}): Story<AxiosInstance> =>
  async (api, tell) => {
    const response = await hooked(api, tell).request({ method, url, ...more });
    tell(seenOf(response));
  };

for (const adapter of adapters) {
  asBare<AxiosInstance>(
    `axios with ${adapter}`,
    (baseURL, tokens) => {
      const instance = axios.create({ baseURL, adapter });
      if (tokens !== undefined) attachBearer(instance, tokens);
      return instance;
    },
    {
      "a GET tells its interceptors": called("GET", "/"),
      "a POST with JSON does": called("POST", "/echo", { data: { a: 1 } }),
      "a POST with parameters does": called("POST", "/echo", { data: new URLSearchParams({ a: "b" }) }),
      "params are added": called("GET", "/echo?a=1", { params: { b: [2, 3] }, paramsSerializer: { indexes: null } }),
      HEAD: called("HEAD", "/"),
      ...Object.fromEntries(
        [204, 304, 400, 403, 404, 429, 500, 503].map((status) => [`GET ${status}`, called("GET", `/status/${status}`)]),
      ),
      "validateStatus decides": called("GET", "/status/404", { validateStatus: (status) => status === 404 }),
      "a broken connection": called("GET", "/reset"),
      "nobody listens": called("GET", "http://127.0.0.1:1/"),
      "a timeout": called("GET", "/never", { timeout: 30 }),
      "a timeout with words of its own": called("GET", "/never", {
        timeout: 30,
        timeoutErrorMessage: "too late",
        transitional: { clarifyTimeoutError: true },
      }),
      "an abort": async (api, tell) => {
        const abort = new AbortController();
        const call = hooked(api, tell).get("/never", { signal: abort.signal });
        setImmediate(() => abort.abort(new RangeError("enough")));
        await call.catch((error: unknown) => tell(errorOf(error)));
      },
      "an abort before": async (api, tell) => {
        await hooked(api, tell)
          .get("/", { signal: AbortSignal.abort() })
          .catch((error: unknown) => tell(errorOf(error)));
      },
      "a cancel token": async (api, tell) => {
        const { token, cancel } = axios.CancelToken.source();
        const call = api.get("/never", { cancelToken: token });
        setImmediate(() => cancel("enough"));
        await call.catch((error: unknown) => tell(errorOf(error)));
      },
      "an interceptor throws": async (api, tell) => {
        const mine = new RangeError("mine");
        api.interceptors.request.use(() => Promise.reject(mine));
        await hooked(api, tell)
          .get("/")
          .catch((error: unknown) => tell(error, error === mine));
      },
      "an interceptor gives another response": async (api, tell) => {
        const given = { data: "mine" } as AxiosResponse;
        api.interceptors.response.use(() => given);
        tell((await api.get("/")) === given);
      },
      "an interceptor sends again": async (api, tell) => {
        api.interceptors.response.use(
          undefined,
          async (error: AxiosError) => (tell(errorOf(error)), api.request(error.config as AxiosRequestConfig)),
        );
        tell(seenOf(await api.post("/status/503,503,200", { a: 1 })));
      },
      "transforms are called": called("POST", "/echo", {
        data: "a",
        transformRequest: [(data: string, headers) => (headers.set("x-t", "1"), data + data)],
        transformResponse: [(data: string, headers, status) => [data.length, headers, status]],
      }),
      "no JSON that has to be": called("GET", "/text", { responseType: "json", transitional: { silentJSONParsing: false } }),
      "an array buffer": async (api, tell) =>
        tell(((await api.get<ArrayBuffer>("/echo", { responseType: "arraybuffer" })).data as object).constructor.name),
      "a stream": async (api, tell) => {
        const { data } = await api.get<AsyncIterable<Uint8Array>>("/long", { responseType: "stream" });
        let length = 0;
        for await (const chunk of data) length += chunk.length;
        tell((data as object).constructor.name, length);
      },
      "a redirect": called("GET", "/redirect/302"),
      "a redirect of a POST": called("POST", "/redirect/307", { data: { a: 1 } }),
      "a redirect that is not followed": called("GET", "/redirect/302", { maxRedirects: 0, validateStatus: null }),
      "redirects without an end": called("GET", "/loop", { maxRedirects: 3 }),
      ...(adapter === "http"
        ? {
            "beforeRedirect is told": (async (api, tell) =>
              (
                await api.get("/redirect/302", {
                  beforeRedirect: (options: Record<string, unknown>, details) => tell(options["path"], details.statusCode),
                })
              ).status) as Story<AxiosInstance>,
          }
        : {}),
      packed: called("GET", "/packed"),
      "a response that breaks off": called("GET", "/cut"),
      "a response that is too long": called("GET", "/long", { maxContentLength: 1000 }),
      "a body that is too long": called("POST", "/echo", { data: "x".repeat(2000), maxBodyLength: 1000 }),
      progress: async (api, tell) => {
        const onUploadProgress = ({ progress, total }: { progress?: number; total?: number }): unknown =>
          progress === 1 && tell("up", total);
        const onDownloadProgress = ({ progress, total }: { progress?: number; total?: number }): unknown =>
          progress === 1 && tell("down", total);
        tell(((await api.post("/long", "x".repeat(1000), { onUploadProgress, onDownloadProgress })).data as string).length);
      },
      "a multipart form": async (api) => (await api.postForm("/echo", { a: 1, b: ["c"] })).status,
      "another adapter for one call": async (api, tell) => {
        const response = await api.get("/", {
          adapter: async (config) => (
            tell(Object.keys(config).toSorted()),
            { data: "mine", status: 200, statusText: "", headers: {}, config }
          ),
        });
        tell(seenOf(response));
      },
      "the config is one": async (api, tell) => {
        const given = { headers: { "x-a": "1" }, mine: { a: 1 } } as AxiosRequestConfig;
        const { config } = await api.get("/", given);
        tell(config.headers instanceof AxiosHeaders, Object.keys(config).toSorted(), Object.keys(given), given.headers);
      },
      "the URL of a request": (api, tell) => tell(api.getUri({ url: "/a", params: { b: 1 } })),
    },
    { "another adapter for one call": "its config has beforeRedirect, too, so that the token follows no redirect to another origin" },
  );
}
