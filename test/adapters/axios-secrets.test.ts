import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent as HttpAgent, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { Agent as HttpsAgent, createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { toTokenResponse, type TokenSet } from "@tokenflight/core";
import axios, { type AxiosInstance, type AxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";
import { jsonAnswer } from "../servers/answer.ts";
import { startLoopback } from "../servers/loopback.ts";
import { beforeUse, lateUse } from "../servers/token-endpoint-faults.ts";
import { findCanary, findLeaks } from "./canary.ts";
import { tally } from "./tally.ts";
import { adapters, attachedTo, refuseToken, withStaticHeader } from "./axios-under-test.ts";

const canaries = tally("axios", "results searched", "canaries found");

/** What a request came to, whichever it was. */
async function outcomeOf(request: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([request]);
  return outcome.status === "fulfilled" ? outcome.value : outcome.reason;
}

/** Every secret that these token sets hold. */
function secretsOf(...sets: TokenSet[]): string[] {
  return [
    ...new Set(
      sets.flatMap(({ accessToken, refreshToken, idToken }) => [accessToken, refreshToken ?? accessToken, idToken ?? accessToken]),
    ),
  ];
}

function leaksIn(outcome: unknown, secrets: readonly string[]): string[] {
  const leaks = secrets.flatMap((secret) => findLeaks(outcome, secret));
  canaries.count(leaks.length);
  return leaks;
}

type Try = (instance: AxiosInstance, session: Session) => Promise<unknown>;

const outcomes: [name: string, attempt: Try, code: string | number][] = [
  ["a success", (instance) => instance.post("/orders", { order: 1 }), 200],
  ["a success after a replay", async (instance, session) => refuseToken(session).then(() => instance.post("/orders", { order: 1 })), 200],
  ["a streamed success", (instance) => instance.get("/", { responseType: "stream" }), 200],
  ["a followed redirect", (instance) => instance.get("/redirect?to=/there"), 200],
  ["a redirect that is not followed", (instance) => instance.get("/redirect?to=/there", { maxRedirects: 0 }), "ERR_BAD_RESPONSE"],
  [
    "a 401 of the replay",
    (instance, { api }) => {
      api.refuseAll();
      return instance.post("/orders", { order: 1 });
    },
    "ERR_BAD_REQUEST",
  ],
  [
    "a 401 that cannot be replayed, streamed",
    (instance, { api }) => {
      api.refuseAll();
      return instance.post("/orders", new Blob(["order"]).stream(), { responseType: "stream", adapter: "fetch" });
    },
    "ERR_BAD_REQUEST",
  ],
  ["a 500", (instance) => instance.get("/status/500"), "ERR_BAD_RESPONSE"],
  ["a response that is too long", (instance) => instance.get("/", { maxContentLength: 3 }), "ERR_BAD_RESPONSE"],
  ["a body that is too long", (instance) => instance.post("/", { order: 1 }, { maxBodyLength: 3 }), "ERR_BAD_REQUEST"],
  [
    "a URL that axios refuses",
    (instance) => instance.get(`http:${instance.defaults.baseURL?.slice("http://".length)}/`),
    "ERR_INVALID_URL",
  ],
  ["a timeout", (instance) => instance.get("/slow?ms=3000", { timeout: 40 }), "timeout"],
  ["an abort", (instance) => instance.get("/slow?ms=3000", { signal: AbortSignal.timeout(40) }), "ERR_CANCELED"],
  ["an interceptor's failure with the response", (instance) => instance.get("/", { transformResponse: [thrower] }), "RangeError"],
];

function thrower(): never {
  throw new RangeError("a transform's own");
}

const waiting: [name: string, attempt: Try, code: string][] = [
  ["a timeout", (instance) => instance.get("/", { timeout: 40 }), "timeout"],
  ["an abort", (instance) => instance.get("/", { signal: AbortSignal.timeout(40) }), "ERR_CANCELED"],
];

function codeOf(outcome: unknown): unknown {
  const { code, status, name } = outcome as { code?: string; status?: number; name?: string };
  return code === "ECONNABORTED" || code === "ETIMEDOUT" ? "timeout" : (code ?? status ?? name);
}

describe.each(adapters)("%s", (adapter) => {
  it("the search finds a token that axios without us shows", async () => {
    await using session = await startSession();
    const { accessToken } = await session.tokens.get();
    const response = await (await withStaticHeader(session, { adapter })).get("/");
    const leaks = findLeaks(response, accessToken);
    expect(leaks).toContain("console.log");
    expect(leaks).toContain("util.inspect");
    expect(leaks.some((path) => path.startsWith(".request"))).toBe(true);
    expect(findCanary(response, "no such canary")).toEqual([]);
  });

  it.each(outcomes)("%s holds no token, however deep one looks or prints", async (_name, attempt, code) => {
    await using session = await startSession();
    const first = await session.tokens.get();

    const outcome = await outcomeOf(attempt(attachedTo(session, { adapter }), session));

    expect(codeOf(outcome)).toBe(code);
    expect(leaksIn(outcome, secretsOf(first, await session.tokens.get()))).toEqual([]);
  });

  it.each(waiting)("%s while waiting for a token holds none", async (_name, attempt, code) => {
    await using session = await startSession();
    const first = await session.tokens.get();
    await session.tokens.save({ ...toTokenResponse(first), expires_at: Date.now() / 1000 - 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    session.server.faults.next(lateUse(promise));

    const outcome = await outcomeOf(attempt(attachedTo(session, { adapter }), session));

    expect(codeOf(outcome)).toBe(code);
    resolve();
    expect(leaksIn(outcome, secretsOf(first, await session.tokens.get()))).toEqual([]);
  });

  it("a refresh that fails, and a session that is over, hold no token and no refresh token", async () => {
    await using session = await startSession();
    const first = await session.tokens.get();
    const instance = attachedTo(session, { adapter });
    await session.tokens.save({ ...toTokenResponse(first), expires_at: Date.now() / 1000 - 1 });
    session.server.faults.next(beforeUse(jsonAnswer(500, { error: "server_error", error_description: first.refreshToken })));
    const failed = await outcomeOf(instance.get("/"));
    await session.tokens.save({ ...toTokenResponse(first), expires_at: Date.now() / 1000 - 1 });
    session.server.revokeFamilyOf(first.accessToken);
    const over = await outcomeOf(instance.get("/"));

    expect([codeOf(failed), codeOf(over)]).toEqual(["ERR_TOKEN_REQUEST_UNKNOWN", "ERR_LOGIN_REQUIRED"]);
    expect([...leaksIn(failed, secretsOf(first)), ...leaksIn(over, secretsOf(first))]).toEqual([]);
  });

  it.each(["refused", "reset", "cut off in the middle of the body"])(
    "a connection that is %s leaves no token in the error",
    async (what) => {
      await using session = await startSession();
      await using failing = await startLoopback(() => (request, response) => {
        if (what === "reset") request.socket.resetAndDestroy();
        else response.writeHead(200, { "content-length": 100 }).write("the first half", () => request.socket.destroy());
      });
      const instance = attachedTo(session, { adapter, baseURL: what === "refused" ? "http://127.0.0.1:1" : failing.origin });

      const outcome = await outcomeOf(instance.post("/", { order: 1 }));

      expect(axios.isAxiosError(outcome)).toBe(true);
      expect(leaksIn(outcome, secretsOf(await session.tokens.get()))).toEqual([]);
    },
  );

  it("what progress events, validateStatus, transforms, interceptors and the tokens' own function see holds no token", async () => {
    await using session = await startSession();
    const { accessToken } = await session.tokens.get();
    const seen: unknown[] = [];
    const see = <Value>(value: Value): Value => {
      seen.push(value);
      return value;
    };
    const instance = attachedTo(session, { adapter }, { refused: (response) => Boolean(see(response)) && response.status === 401 });
    instance.interceptors.request.use(see);
    instance.interceptors.response.use(see);
    await instance.post("/", "text", {
      onUploadProgress: see,
      onDownloadProgress: see,
      validateStatus: (status) => see(status) === 200,
      transformResponse: [
        function (this: unknown, data: unknown): unknown {
          see(this);
          return data;
        },
      ],
    });
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(7);
    expect(leaksIn(seen, [accessToken])).toEqual([]);
  });
});

describe("http", () => {
  const key = randomBytes(32);
  /** A pre-shared key does without certificates. */
  const psk = { ciphers: "PSK", maxVersion: "TLSv1.2" as const };
  const agent = (): HttpsAgent =>
    new HttpsAgent({ keepAlive: true, ...psk, pskCallback: () => ({ psk: key, identity: "test" }), checkServerIdentity: () => undefined });
  const tls = (): Server => createHttpsServer({ ...psk, pskCallback: () => key }, answer);

  const answer: RequestListener = (request, response) => {
    request.resume();
    if (request.url !== "/silence") response.end(JSON.stringify({ authorization: request.headers.authorization?.split(" ")[0] }));
  };

  async function listening(server: Server): Promise<AsyncDisposable & { port: number }> {
    await once(server.listen(0, "127.0.0.1"), "listening");
    return {
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        (server as Partial<{ closeAllConnections(): void }>).closeAllConnections?.();
        server.close();
      },
    };
  }

  it.each([undefined, 0])("a TLS connection that stays open keeps no token (maxRedirects: %s)", async (maxRedirects) => {
    await using session = await startSession();
    await using server = await listening(tls());
    const httpsAgent = agent();
    const config: AxiosRequestConfig = {
      baseURL: `https://127.0.0.1:${server.port}`,
      httpsAgent,
      ...(maxRedirects === undefined ? {} : { maxRedirects }),
    };
    const instance = attachedTo(session, config);
    const secrets = secretsOf(await session.tokens.get());

    const first = await instance.get("/");
    expect(first.data).toEqual({ authorization: "Bearer" });
    expect(leaksIn(first, secrets)).toEqual([]);
    // The next one goes over the same connection, which was made for the first.
    expect(leaksIn(await axios.get("/", config), secrets)).toEqual([]);
    expect(leaksIn(await outcomeOf(instance.get("/silence", { timeout: 50 })), secrets)).toEqual([]);
    expect(leaksIn(await outcomeOf(instance.get("/", { httpsAgent: new HttpsAgent() })), secrets)).toEqual([]);
    httpsAgent.destroy();
  });

  it("HTTP/2 streams keep no token", async () => {
    await using session = await startSession();
    await using server = await listening(createHttp2Server(answer as never));
    const instance = attachedTo(session, { baseURL: `http://127.0.0.1:${server.port}`, httpVersion: 2 });
    const secrets = secretsOf(await session.tokens.get());

    const response = await instance.get("/");
    expect(response.data).toEqual({ authorization: "Bearer" });
    expect(leaksIn(response, secrets)).toEqual([]);
    expect(leaksIn(await outcomeOf(instance.get("/silence", { timeout: 50 })), secrets)).toEqual([]);
  });

  it("a request that was given up in its agent's queue keeps none of what it would have sent", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { httpAgent: new HttpAgent({ maxSockets: 1 }) });
    const secrets = secretsOf(await session.tokens.get());
    const held = session.api.hold();
    const first = instance.get("/");
    await held.arrived();

    const aborted = await outcomeOf(instance.post("/", { order: 1 }, { signal: AbortSignal.timeout(40) }));
    const late = await outcomeOf(instance.post("/", { order: 1 }, { maxRedirects: 0, timeout: 40 }));
    held.release();
    await first;

    expect([codeOf(aborted), codeOf(late)]).toEqual(["ERR_CANCELED", "timeout"]);
    expect([...leaksIn(aborted, secrets), ...leaksIn(late, secrets)]).toEqual([]);
    expect(session.api.requests).toHaveLength(1);
  });

  it.each([undefined, 0])(
    "a request that waited in its agent's queue keeps no options with a token (maxRedirects: %s)",
    async (maxRedirects) => {
      await using session = await startSession();
      const config = {
        httpAgent: new HttpAgent({ maxSockets: 1, keepAlive: true }),
        ...(maxRedirects === undefined ? {} : { maxRedirects }),
      };
      const instance = attachedTo(session, config);
      const secrets = secretsOf(await session.tokens.get());

      const responses = await Promise.all([instance.get("/"), instance.get("/"), instance.get("/")]);

      expect(responses.flatMap((response) => leaksIn(response, secrets))).toEqual([]);
      config.httpAgent.destroy();
    },
  );
});
