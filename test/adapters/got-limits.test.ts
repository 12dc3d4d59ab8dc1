import { TokenflightError } from "@tokenflight/core";
import { AbortError, TimeoutError, type OptionsInit, type PlainResponse } from "got";
import { expect, it } from "vitest";
import { lateUse } from "../servers/token-endpoint-faults.ts";
import { expire, rejection, startGotSession, type GotSession, type GotSessionOptions } from "./got-session.ts";

/** The moments at which a call waits. */
interface Moment {
  readonly name: string;
  /** Starts a call that stops at the moment, and others that must not mind. Resolves when it is there, with what lets it go on. */
  reach(session: GotSession, call: () => void): Promise<() => void>;
}

const moments: readonly Moment[] = [
  {
    name: "while it waits for a token",
    async reach(session, call) {
      const gate = Promise.withResolvers<void>();
      await expire(session);
      session.server.faults.next(lateUse(gate.promise));
      call();
      await expect.poll(session.refreshes).toBe(1);
      return gate.resolve;
    },
  },
  {
    name: "while it waits for the renewal",
    async reach(session, call) {
      const gate = Promise.withResolvers<void>();
      await session.revoke();
      session.server.faults.next(lateUse(gate.promise));
      call();
      await expect.poll(session.refreshes).toBe(1);
      return gate.resolve;
    },
  },
  {
    name: "during the replay",
    async reach(session, call) {
      await session.revoke();
      const held = session.api.hold(({ status, id }) => status === 200 && id === "impatient");
      call();
      await held.arrived();
      return () => held.release();
    },
  },
];

it.each(moments)("$name: a caller that aborts rejects at once with got's own error, and disturbs no other", async ({ reach }) => {
  await using session = await startGotSession();
  const { client, refreshes } = session;
  const controller = new AbortController();
  const calls: Promise<unknown>[] = [];
  const reason = new Error("no longer wanted");
  const goOn = await reach(session, () => {
    calls.push(rejection(client("impatient", { signal: controller.signal, headers: { "x-request-id": "impatient" } })));
    calls.push(...Array.from({ length: 5 }, async () => (await client("patient")).statusCode));
  });

  const started = performance.now();
  controller.abort(reason);
  const error = await calls.shift();

  expect(performance.now() - started).toBeLessThan(100);
  expect(error).toBeInstanceOf(AbortError);
  expect(error).toMatchObject({ name: "AbortError", code: "ERR_ABORTED", message: "This operation was aborted.", cause: reason });
  goOn();
  expect(await Promise.all(calls)).toEqual([200, 200, 200, 200, 200]);
  expect(refreshes()).toBe(1);
});

it.each(moments)("$name: a signal that is a timeout rejects as got does with it", async ({ reach }) => {
  await using session = await startGotSession();
  const { client } = session;
  let call: Promise<unknown> | undefined;
  const controller = new AbortController();
  const goOn = await reach(session, () => {
    call = rejection(client("impatient", { signal: controller.signal, headers: { "x-request-id": "impatient" } }));
  });

  controller.abort(new DOMException("too late", "TimeoutError"));

  const error = await call;
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ name: "TimeoutError", code: "ETIMEDOUT", event: "request" });
  goOn();
});

it.each(moments)("$name: timeout.request applies and rejects as got's own does, and disturbs no other", async ({ reach }) => {
  await using session = await startGotSession();
  const { client, refreshes } = session;
  const calls: Promise<unknown>[] = [];
  let started = 0;
  let ended = 0;
  const goOn = await reach(session, () => {
    started = performance.now();
    const call = rejection(client("impatient", { timeout: { request: 400 }, headers: { "x-request-id": "impatient" } }));
    calls.push(call.finally(() => (ended = performance.now())));
    calls.push(...Array.from({ length: 5 }, async () => (await client("patient", { timeout: { request: 10_000 } })).statusCode));
  });

  const error = await calls.shift();

  expect(ended - started).toBeGreaterThan(390);
  expect(ended - started).toBeLessThan(700);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ name: "TimeoutError", code: "ETIMEDOUT", event: "request" });
  expect((error as Error).message).toMatch(/^Timeout awaiting 'request' for \d+ms$/);
  goOn();
  expect(await Promise.all(calls)).toEqual([200, 200, 200, 200, 200]);
  expect(refreshes()).toBe(1);
});

it("a timeout that falls into the renewal is one of got's: retried as often as the caller says", async () => {
  await using session = await startGotSession();
  const { client, server, api, revoke, refreshes } = session;
  await revoke();
  const gate = Promise.withResolvers<void>();
  server.faults.next(lateUse(gate.promise));
  const retried: string[] = [];

  const call = client("plain", {
    timeout: { request: 200 },
    retry: { limit: 1, backoffLimit: 1, noise: 0 },
    hooks: { beforeRetry: [(error) => void retried.push(`${error.name} ${error.code}`), () => gate.resolve()] },
  });

  expect(await call).toMatchObject({ statusCode: 200, retryCount: 1 });
  expect(retried).toEqual(["TimeoutError ETIMEDOUT"]);
  expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  expect(refreshes()).toBe(1);
});

it("the replay has what the first request and the renewal have left, and a retry has all of it again", async () => {
  await using session = await startGotSession();
  const { client, api, revoke } = session;
  await revoke();
  const limits: (number | undefined)[] = [];
  const call = client("slow?ms=150", {
    timeout: { request: 600 },
    retry: { limit: 1, backoffLimit: 1, noise: 0, statusCodes: [503] },
    hooks: {
      beforeRequest: [(options) => void limits.push(options.timeout.request)],
      afterResponse: [
        (response, retry) => {
          limits.push(response.request.options.timeout.request);
          return response.retryCount === 0 ? retry({}) : response;
        },
      ],
    },
  });

  await call;

  expect(api.requests.map(({ status }) => status)).toEqual([401, 200, 200]);
  // Neither the hooks nor the response know of what was left for the replay.
  expect(limits).toEqual([600, 600, 600]);
});

/** What never answers. */
const never = (): Promise<never> => new Promise(() => {});

it.each<[string, GotSessionOptions, OptionsInit]>([
  ["a selector", { tokens: () => never }, {}],
  ["a selector, before got looks into its cache", { tokens: () => never }, { cache: new Map() }],
  ["a scheme", { bearer: { scheme: never } }, {}],
  ["a scheme, beneath got's cache", { bearer: { scheme: never } }, { cache: new Map() }],
  ["a predicate", { bearer: { refused: never } }, {}],
])("while it waits for %s: timeout.request and signal end the call with got's own errors", async (_name, options, init) => {
  await using session = await startGotSession(options);
  const began = performance.now();

  const late = await rejection(session.client("late", { ...init, timeout: { request: 200 } } as never));
  const left = await rejection(session.client("left", { ...init, signal: AbortSignal.timeout(50) } as never));

  expect(performance.now() - began).toBeLessThan(1500);
  for (const error of [late, left]) {
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ name: "TimeoutError", code: "ETIMEDOUT", event: "request" });
  }
  expect(late.message).toMatch(/^Timeout awaiting 'request' for \d+ms$/);
  expect(late.options.hooks.beforeError).toEqual([]);
});

it("a selector is waited for within the limit of the call that it is part of: got's timer has what is left, and shows the whole", async () => {
  await using session = await startGotSession({
    tokens: (tokens) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      return tokens;
    },
  });
  const began = performance.now();

  const { request } = (await session.client("there", {
    cache: new Map(),
    timeout: { request: 2000 },
  } as never)) as unknown as PlainResponse;
  const error = await rejection(session.client("slow?ms=2000", { cache: new Map(), timeout: { request: 400 } } as never));

  expect(request.options.timeout.request).toBe(2000);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(performance.now() - began).toBeLessThan(250 + 600);
});

it.each(moments)("$name: a timeout.request that is longer than a timer can wait ends nothing early", async ({ reach }) => {
  await using session = await startGotSession();
  const { client } = session;
  let call: Promise<{ statusCode: number }> | undefined;
  const goOn = await reach(session, () => {
    call = client("here", { timeout: { request: 2 ** 31 + 1000 }, headers: { "x-request-id": "impatient" } });
  });
  setTimeout(goOn, 30);

  expect((await call)?.statusCode).toBe(200);
});

it("a token that comes after the timeout sends nothing", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, server } = session;
  await expire(session);
  const gate = Promise.withResolvers<void>();
  server.faults.next(lateUse(gate.promise));

  await rejection(client("plain", { timeout: { request: 100 } }));
  gate.resolve();
  await tokens.get();
  await client("other");

  expect(api.requests.map(({ url }) => url)).toEqual(["/other"]);
});

it.each<[name: string, options: OptionsInit]>([
  ["Infinity", { timeout: { request: Infinity } }],
  ["more than a timer can wait", { timeout: { request: 2 ** 40 } }],
  ["half a millisecond more", { timeout: { request: 5000.5 } }],
])("a timeout of %s is no obstacle to a replay", async (_name, options) => {
  await using session = await startGotSession();
  await session.revoke();

  expect((await session.client("plain", options as never)).statusCode).toBe(200);
});

it("a signal that was aborted before sends nothing and asks for no token", async () => {
  await using session = await startGotSession();
  await expire(session);

  const error = await rejection(session.client("plain", { signal: AbortSignal.abort() }));

  expect(error).toBeInstanceOf(AbortError);
  expect(session.api.requests).toEqual([]);
  expect(session.refreshes()).toBe(0);
});

it("many calls on one signal leave no listener behind", async () => {
  await using session = await startGotSession();
  const { client, revoke } = session;
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  let added = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: never, options?: never) => {
    listeners.add(listener);
    added += 1;
    addEventListener.call(signal, type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never, options?: never) => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener, options);
  };
  await revoke();

  await Promise.all(Array.from({ length: 20 }, async () => client("plain", { signal })));

  expect(added).toBeGreaterThan(20);
  expect(listeners.size).toBe(0);
});

it.each(moments.slice(0, 1))("got.stream $name: abort and timeout apply", async ({ reach }) => {
  await using session = await startGotSession();
  const { client } = session;
  const controller = new AbortController();
  const calls: Promise<unknown>[] = [];
  const goOn = await reach(session, () => {
    calls.push(rejection(client.stream("aborted", { signal: controller.signal }).toArray()));
    calls.push(rejection(client.stream("late", { timeout: { request: 100 } }).toArray()));
  });
  controller.abort();

  const [aborted, late] = await Promise.all(calls);

  expect(aborted).toBeInstanceOf(AbortError);
  expect(late).toBeInstanceOf(TimeoutError);
  expect(TokenflightError.is((late as Error).cause)).toBe(false);
  goOn();
});
