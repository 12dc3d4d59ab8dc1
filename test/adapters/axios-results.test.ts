import { buffer } from "node:stream/consumers";
import axios, { AxiosError, AxiosHeaders, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { describe, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";
import { adapters, attachedTo, refuseToken, rejectionOf, withStaticHeader } from "./axios-under-test.ts";

type Send = (instance: AxiosInstance) => Promise<unknown>;

/** Everything that a caller can tell one outcome from another by, and that is the same every time. */
async function outcomeOf(request: Promise<unknown>): Promise<object> {
  const [{ status: settled, ...outcome }] = await Promise.allSettled([request]);
  const result = ("reason" in outcome ? outcome.reason : outcome["value" as never]) as AxiosError | AxiosResponse;
  const error = result instanceof Error ? result : undefined;
  const response = error === undefined ? (result as AxiosResponse) : error.response;
  return {
    settled,
    keys: keysOf(result),
    error: error && {
      name: error.name,
      code: error.code,
      status: error.status,
      message: error.message,
      isAxiosError: axios.isAxiosError(error),
    },
    isInstance: result instanceof AxiosError,
    isCancel: axios.isCancel(result),
    json: error && jsonOf(error),
    config: result.config && shownConfig(result.config),
    sameConfig: response === undefined || response.config === result.config,
    request: (result.request as object | undefined)?.constructor.name,
    response: response && {
      keys: keysOf(response),
      status: response.status,
      statusText: response.statusText,
      data: response.data as unknown,
      headers: [response.headers instanceof AxiosHeaders, { ...response.headers, date: undefined }],
      duration: typeof response.duration,
    },
  };
}

function keysOf(value: object): string[] {
  return Reflect.ownKeys(value)
    .map(String)
    .toSorted((one, other) => one.localeCompare(other));
}

/** Some errors are not made by axios, and the JSON of some has no end. */
function jsonOf(error: AxiosError): unknown {
  try {
    return JSON.parse(JSON.stringify(axios.isAxiosError(error) ? { ...error.toJSON(), stack: undefined } : error));
  } catch (failure) {
    return String(failure);
  }
}

function shownConfig(config: NonNullable<AxiosError["config"]>): object {
  const { Authorization: _ours, ...headers } = config.headers.toJSON();
  return { ...config, cancelToken: typeof config.cancelToken, headers, isAxiosHeaders: config.headers instanceof AxiosHeaders };
}

/** Without our header in the one and only place where axios shows it. */
function withoutHeader(outcome: object): object {
  return JSON.parse(
    JSON.stringify(outcome, (key, value: unknown) =>
      key === "Authorization" ? undefined : typeof value === "function" ? String(value) : value,
    ),
  ) as object;
}

const to =
  (path: string, config: AxiosRequestConfig = {}): Send =>
  (instance) =>
    instance.post(path, { order: 1 }, config);

const cases: [string, Send][] = [
  ["a success", to("/orders?page=1")],
  ["a success without a body", to("/status/204")],
  ["params", (instance) => instance.get("/orders", { params: { page: 1, "a b": ["c", "d&e"] } })],
  ["a custom paramsSerializer", (instance) => instance.get("/orders", { params: { page: 1 }, paramsSerializer: () => "p=one" })],
  ["a status that is not valid", to("/status/404")],
  ["a server's fault", to("/status/500")],
  ["a 403", to("/status/403")],
  ["a status that the caller calls valid", to("/status/404", { validateStatus: (status) => status === 404 })],
  ["a success that the caller does not call valid", to("/", { validateStatus: () => false })],
  ["validateStatus undefined", to("/status/404", { validateStatus: undefined } as object)],
  ["validateStatus null", to("/status/404", { validateStatus: null })],
  ["text", to("/", { responseType: "text" })],
  ["a response that is too long", to("/", { maxContentLength: 3 })],
  ["a body that is too long", to("/", { maxBodyLength: 3 })],
  ["a redirect that is not followed", to("/redirect?to=/", { maxRedirects: 0 })],
  ["a redirect that is followed", (instance) => instance.get("/redirect?to=/there")],
  ["a refused connection", to("http://127.0.0.1:1/")],
  ["a timeout", to("/slow?ms=2000", { timeout: 250 })],
  ["a timeout with a message of the caller's", to("/slow?ms=2000", { timeout: 250, timeoutErrorMessage: "too slow" })],
  ["a timeout that is to be told apart", to("/slow?ms=2000", { timeout: 250, transitional: { clarifyTimeoutError: true } })],
  ["a signal that aborts", (instance) => instance.get("/slow?ms=2000", { signal: AbortSignal.timeout(250) })],
  ["a cancel token", (instance) => instance.get("/slow?ms=2000", { cancelToken: cancelledSoon() })],
  ["a URL that axios refuses", (instance) => instance.get(`http:${instance.defaults.baseURL?.slice("http://".length)}/`)],
  ["data that cannot be sent", to("/", { transformRequest: [() => Symbol("no body")] })],
  ["a transformResponse that throws", to("/", { transformResponse: [thrower] })],
];

function cancelledSoon(): AxiosRequestConfig["cancelToken"] {
  const { token, cancel } = axios.CancelToken.source();
  setTimeout(() => cancel("changed my mind"), 250);
  return token;
}

function thrower(): never {
  throw new RangeError("a transform's own");
}

describe.each(adapters)("%s", (adapter) => {
  const origins = (session: Session): string[] => [session.api.origin, "http://127.0.0.1:1"];

  it.each(cases)(
    "%s: the caller gets what axios gives it without us, down to every key of error, response and config",
    async (_name, send) => {
      await using session = await startSession();
      const plain = await withStaticHeader(session, { adapter });
      const attached = attachedTo(session, { adapter }, { origins: origins(session) });

      const outcome = await outcomeOf(send(attached));

      expect(withoutHeader(outcome)).toEqual(withoutHeader(await outcomeOf(send(plain))));
      const half = session.api.requests.length / 2;
      expect(session.api.requests.slice(0, half)).toEqual(session.api.requests.slice(half));
    },
  );

  it.each([
    ["the replay's success", 200],
    ["the replay's own refusal", 401],
    ["what else became of the replay", 404],
  ])("C46 %s is what axios would have given for it", async (_name, status) => {
    await using session = await startSession();
    const path = status === 200 ? "/" : `/status/${status}`;
    const plain = await withStaticHeader(session, { adapter });
    const expected = await outcomeOf(to(path)(plain));
    await refuseToken(session);

    expect(withoutHeader(await outcomeOf(to(path)(attachedTo(session, { adapter }))))).toEqual(withoutHeader(expected));
    expect(session.api.requests.map((request) => request.status)).toEqual([status, 401, status]);
  });

  it.each([
    ["is true for everything", () => true],
    ["is undefined", undefined],
    ["is null", null],
  ])("C46 a refusal is seen when validateStatus %s", async (_name, validateStatus) => {
    await using session = await startSession();
    await refuseToken(session);

    const response = await attachedTo(session, { adapter }).get("/", { validateStatus } as AxiosRequestConfig);

    expect(response.status).toBe(200);
    expect(session.api.requests).toHaveLength(2);
  });

  it("a validateStatus that throws is asked about the last response only, and fails the request", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const asked: number[] = [];
    const validateStatus = (status: number): never => {
      asked.push(status);
      throw new RangeError("a status that nobody knows");
    };

    const error = await rejectionOf(attachedTo(session, { adapter }).get("/", { validateStatus }));

    expect(error).toMatchObject({ name: "RangeError", message: "a status that nobody knows", isAxiosError: true });
    expect(asked).toEqual([200]);
  });

  it("F80 each response type arrives as it does without us, after a replay, too", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const instance = attachedTo(session, { adapter });

    const json = await instance.get<{ url: string }>("/json", { responseType: "json" });
    expect(json.data.url).toBe("/json");
    await refuseToken(session);
    const bytes = await instance.get<ArrayBuffer | Buffer>("/bytes", { responseType: "arraybuffer" });
    expect(JSON.parse(Buffer.from(bytes.data as Buffer).toString())).toMatchObject({ url: "/bytes" });
    await refuseToken(session);
    const stream = await instance.get<AsyncIterable<Uint8Array>>("/stream", { responseType: "stream" });
    expect(JSON.parse((await buffer(stream.data)).toString())).toMatchObject({ url: "/stream" });
    expect(session.api.requests.map(({ status }) => status)).toEqual([401, 200, 401, 200, 401, 200]);
  });

  it("a streamed refusal that is handed back can be read to its end", async () => {
    await using session = await startSession();
    session.api.refuseAll();

    const error = await rejectionOf(attachedTo(session, { adapter }, { replay: "never" }).get("/", { responseType: "stream" }));

    const body = await buffer(error.response?.data as AsyncIterable<Uint8Array>);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "unauthorized" });
  });

  it("duration covers the refused request, the refresh and the replay", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const held = session.api.hold();
    const request = attachedTo(session, { adapter }).get("/");
    await held.arrived();
    setTimeout(() => held.release(), 60);

    const { duration, config } = await request;

    expect(duration).toBeGreaterThanOrEqual(50);
    expect("response" in config).toBe(false);
  });

  it("F80 upload and download progress are told for both attempts", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const up: (number | undefined)[] = [];
    const down: (number | undefined)[] = [];

    const { data } = await attachedTo(session, { adapter }).post<{ bodyLength: number }>("/", "x".repeat(1000), {
      headers: { "Content-Type": "text/plain" },
      onUploadProgress: ({ loaded }) => up.push(loaded),
      onDownloadProgress: ({ loaded }) => down.push(loaded),
    });

    expect(data.bodyLength).toBe(1000);
    await expect.poll(() => up).toEqual([1000, 1000]);
    await expect.poll(() => down.length).toBe(2);
    expect(session.api.requests.map(({ bodyLength }) => bodyLength)).toEqual([1000, 1000]);
  });
});
