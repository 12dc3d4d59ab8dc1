import { toTokenResponse } from "@tokenflight/core";
import axios, { type AxiosAdapter, type AxiosError, type AxiosInstance, type AxiosRequestConfig, type TransitionalOptions } from "axios";
import { describe, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";
import { lateAnswer, lateUse } from "../servers/token-endpoint-faults.ts";
import { adapters, attachedTo, refuseToken, rejectionOf, withStaticHeader } from "./axios-under-test.ts";

/** A wait that a request may be in when its limit is reached, and how the wait ends. */
interface Wait {
  readonly name: string;
  /** Brings the request there: it hangs until `end`. */
  readonly begin: (session: Session) => Promise<{ arrived: () => Promise<unknown>; end: () => void }>;
}

const forTheRefresh = async ({ server }: Session): ReturnType<Wait["begin"]> => {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  server.faults.next(lateUse(promise));
  return { arrived: () => expect.poll(() => server.requests.at(-1)?.grantType).toBe("refresh_token"), end };
};

const waits: Wait[] = [
  {
    name: "while it waits for a token",
    async begin(session) {
      const { tokens } = session;
      await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
      return forTheRefresh(session);
    },
  },
  {
    name: "during the refresh before its replay",
    async begin(session) {
      await refuseToken(session);
      return forTheRefresh(session);
    },
  },
  {
    name: "during its replay",
    async begin(session) {
      await refuseToken(session);
      const held = session.api.hold(({ status }) => status === 200);
      return { arrived: () => held.arrived(), end: () => held.release() };
    },
  },
];

const described = ({ name, code, message }: AxiosError): object => ({ name, code, message });

const cancelling: { name: string; start: () => { config: AxiosRequestConfig; cancel: () => void } }[] = [
  {
    name: "a signal",
    start() {
      const controller = new AbortController();
      return { config: { signal: controller.signal }, cancel: () => controller.abort() };
    },
  },
  {
    name: "a cancel token",
    start() {
      const { token, cancel } = axios.CancelToken.source();
      return { config: { cancelToken: token }, cancel: () => cancel("changed my mind") };
    },
  },
];

/** What axios without us rejects with when its server takes its time. */
async function errorWithoutUs(session: Session, config: AxiosRequestConfig, cancel?: () => void): Promise<object> {
  const plain = await withStaticHeader(session);
  const request = rejectionOf(plain.get("/slow?ms=3000", config));
  if (cancel !== undefined) setTimeout(cancel, 20);
  return described(await request);
}

const cases = adapters.flatMap((adapter) => waits.map((wait) => ({ adapter, ...wait })));

describe.each(cases)("$adapter: $name", ({ adapter, begin }) => {
  it.each(cancelling)("$name ends a request at once with axios's own error, and disturbs no other", async ({ start }) => {
    await using session = await startSession();
    const native = start();
    const expected = await errorWithoutUs(session, { adapter, ...native.config }, native.cancel);
    session.api.reset();
    session.server.reset();
    const wait = await begin(session);
    const instance = attachedTo(session, { adapter });
    const { config, cancel } = start();
    const [given, patient] = [rejectionOf(instance.get("/", config)), instance.get("/")];
    await wait.arrived();

    const cancelled = performance.now();
    cancel();
    const error = await given;

    expect(performance.now() - cancelled).toBeLessThan(1000);
    expect(described(error)).toEqual(expected);
    expect(axios.isCancel(error)).toBe(true);
    wait.end();
    expect((await patient).status).toBe(200);
    expect(session.refreshes()).toBe(1);
  });

  const timeouts: { name: string; config: AxiosRequestConfig }[] = [
    { name: "as it is", config: { timeout: 120 } },
    { name: "with a message", config: { timeout: 120, timeoutErrorMessage: "too slow" } },
    { name: "told apart", config: { timeout: 120, transitional: { clarifyTimeoutError: true } as TransitionalOptions } },
  ];

  it.each(timeouts)("a timeout ($name) is one limit, and ends a request with axios's own error", async ({ config }) => {
    await using session = await startSession();
    const expected = await errorWithoutUs(session, { adapter, ...config });
    session.api.reset();
    session.server.reset();
    const wait = await begin(session);
    const instance = attachedTo(session, { adapter });
    const patient = instance.get("/");
    const began = performance.now();

    const error = await rejectionOf(instance.get("/", config));

    expect(performance.now() - began).toBeLessThan(1000);
    expect(described(error)).toEqual(expected);
    expect(error.config?.timeout).toBe(120);
    expect(error.stack).toContain(error.message);
    wait.end();
    expect((await patient).status).toBe(200);
    expect(session.refreshes()).toBe(1);
  });
});

describe.each(adapters)("%s", (adapter) => {
  const expired = async ({ tokens }: Session): Promise<void> => {
    await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
  };

  const slowRefresh = async (session: Session, milliseconds: number): Promise<AxiosInstance> => {
    await expired(session);
    session.server.faults.next(lateAnswer(milliseconds));
    return attachedTo(session, { adapter });
  };

  it("what a wait took is taken off the timeout of the request, and the error names the caller's timeout", async () => {
    await using session = await startSession();
    const instance = await slowRefresh(session, 600);
    const began = performance.now();

    const error = await rejectionOf(instance.get("/slow?ms=3000", { timeout: 1000 }));

    expect(performance.now() - began).toBeLessThan(1550);
    expect(error.message).toBe("timeout of 1000ms exceeded");
    expect(error.stack).toContain("timeout of 1000ms exceeded");
    expect(session.api.requests).toHaveLength(1);
  });

  it("a request that is in time is not troubled by a limit it did not reach", async () => {
    await using session = await startSession();
    const controller = new AbortController();
    const { token, cancel } = axios.CancelToken.source();
    const instance = await slowRefresh(session, 30);
    const { status } = await instance.get("/", { timeout: 5000, signal: controller.signal, cancelToken: token });
    controller.abort();
    cancel();
    expect(status).toBe(200);
  });

  it("a timeout longer than any timer, and none at all, wait for as long as it takes", async () => {
    await using session = await startSession();
    for (const timeout of [2 ** 40, 0]) {
      const instance = await slowRefresh(session, 30);
      const { promise, resolve } = Promise.withResolvers<unknown>();
      instance.defaults.adapter = async (config) => {
        resolve(config.timeout);
        return { data: "", status: 200, statusText: "", headers: {}, config };
      };
      expect((await instance.get("/", { timeout })).status).toBe(200);
      expect(await promise).toBeGreaterThan(timeout - 1000);
    }
  });

  it("an adapter that does not look at the signal is not asked again once that has aborted", async () => {
    await using session = await startSession();
    const controller = new AbortController();
    let sent = 0;
    const mock: AxiosAdapter = async (config) => {
      sent += 1;
      controller.abort();
      return { data: "", status: 401, statusText: "", headers: {}, config };
    };
    const error = await rejectionOf(attachedTo(session, { adapter: mock }).get("/", { signal: controller.signal }));
    expect(axios.isCancel(error)).toBe(true);
    expect(sent).toBe(1);
  });

  it("many requests on one signal leave nothing behind on it, and no timer", async () => {
    await using session = await startSession();
    const { signal } = new AbortController();
    const { token } = axios.CancelToken.source();
    const counts = { added: 0, removed: 0 };
    const { addEventListener: add, removeEventListener: remove } = signal;
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      counts.added += 1;
      add.apply(signal, given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      counts.removed += 1;
      remove.apply(signal, given);
    };
    const instance = await slowRefresh(session, 30);
    instance.defaults.adapter = async (config) => ({ data: "", status: 200, statusText: "", headers: {}, config });
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();

    await Promise.all(Array.from({ length: 5 }, () => instance.get("/", { signal, cancelToken: token, timeout: 60_000 })));

    expect(timers()).toBeLessThan(before + 5);

    expect(counts.added).toBeGreaterThanOrEqual(5);
    await expect.poll(() => counts.removed).toBeGreaterThanOrEqual(counts.added);
    await expect.poll(() => (token as unknown as { _listeners?: unknown[] })._listeners ?? []).toEqual([]);
  });

  it("I138 a request that was cancelled before the call goes nowhere, and its error names the adapter as the caller did", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter });
    const { token, cancel } = axios.CancelToken.source();
    cancel();

    const aborted = (await rejectionOf(instance.get("/", { signal: AbortSignal.abort() }))) as AxiosError;
    expect([axios.isCancel(aborted), aborted.config?.adapter]).toEqual([true, adapter]);
    expect(axios.isCancel(await rejectionOf(instance.get("/", { cancelToken: token })))).toBe(true);
    expect(session.api.requests).toEqual([]);
  });

  it("a signal of another make than the platform's is listened to", async () => {
    await using session = await startSession();
    const { promise, resolve: end } = Promise.withResolvers<void>();
    await expired(session);
    session.server.faults.next(lateUse(promise));
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      addEventListener: (_type: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_type: string, listener: () => void) => listeners.delete(listener),
    };
    const request = rejectionOf(attachedTo(session, { adapter }).get("/", { signal, timeout: 5000 } as AxiosRequestConfig));
    await expect.poll(() => session.server.requests.at(-1)?.grantType).toBe("refresh_token");

    signal.aborted = true;
    for (const listener of listeners) listener();

    expect(axios.isCancel(await request)).toBe(true);
    expect(listeners.size).toBe(0);
    end();
  });
});

it("a timeout that is longer than a timer can wait does not end the wait for a token", async () => {
  await using session = await startSession();
  await session.tokens.save({ ...toTokenResponse(await session.tokens.get()), expires_at: Date.now() / 1000 - 1 });
  session.server.faults.next(lateAnswer(50));
  // axios's own adapters let such a timeout end a request at once.
  const adapter: AxiosAdapter = async (config) => ({ data: config.timeout, status: 200, statusText: "OK", headers: {}, config });

  const { data } = await attachedTo(session, { adapter }).get<number>("/", { timeout: 2 ** 31 + 100_000 });

  expect(data).toBeGreaterThan(2 ** 31);
});
