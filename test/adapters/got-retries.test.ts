import { createTokenCache, TokenflightError, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { RequestError, type ExtendOptions, type Got, type RetryFunction, type RetryOptions } from "got";
import { expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { rejection, startGotSession } from "./got-session.ts";

/** A server that answers with one status after the other, and keeps count of when. */
async function startScript(
  answers: readonly (number | "reset")[],
): Promise<Loopback & { times: number[]; tokens: (string | undefined)[] }> {
  const times: number[] = [];
  const tokens: (string | undefined)[] = [];
  const left = [...answers];
  const server = await startLoopback(() => (request, response) => {
    times.push(performance.now());
    tokens.push(request.headers.authorization);
    const answer = left.shift() ?? 200;
    if (answer === "reset") return void request.socket.resetAndDestroy();
    response.writeHead(answer, answer === 429 ? { "retry-after": "0" } : {}).end("answer");
  });
  return { ...server, times, tokens };
}

/** A cache whose source counts: t1, t2, ... */
function countingTokens(): TokenCache {
  let count = 0;
  return createTokenCache({ source: async () => ({ access_token: `t${(count += 1)}`, expires_in: 600 }) });
}

interface Asked {
  attemptCount: number;
  name: string;
  status: number | undefined;
  /** Without the noise that got adds. */
  computed: number;
}

/** What a calculateDelay of the caller's is asked, in a form that can be compared; retries at once. */
function asking(asked: Asked[], delay: (computed: number) => number | Promise<number> = (computed) => computed && 1): RetryFunction {
  return ({ attemptCount, error, computedValue }) => {
    asked.push({ attemptCount, name: error.name, status: error.response?.statusCode, computed: Math.round(computedValue / 1000) });
    return delay(computedValue);
  };
}

/** The outcome, the number of requests and what calculateDelay was asked, for one run of a script. */
async function run(
  script: readonly (number | "reset")[],
  retry: Partial<RetryOptions>,
  attach: boolean,
  extra: ExtendOptions = {},
): Promise<unknown> {
  await using server = await startScript(script);
  const asked: Asked[] = [];
  const client: Got = got.extend(
    { retry: { ...retry, calculateDelay: asking(asked, retry.calculateDelay as never) }, ...extra },
    attach ? bearer(countingTokens(), { origins: server.origin }) : {},
  );
  const outcome = await client(server.origin).then(
    ({ statusCode, retryCount }) => ({ statusCode, retryCount }),
    ({ name, code, response }: RequestError) => ({ name, code, status: response?.statusCode, retryCount: response?.retryCount }),
  );
  return { outcome, requests: server.times.length, asked };
}

/** The same, with a 401 put in at each place in turn: everything but the number of requests is as if it had not been there. */
it.each<[script: readonly (number | "reset")[], retry: Partial<RetryOptions>]>([
  [[200], { limit: 0 }],
  [[503], { limit: 0 }],
  [[503, 200], { limit: 1 }],
  [[503, 503, 503], { limit: 1 }],
  [[503, 503, 200], { limit: 2 }],
  [[503, 503, 503], { limit: 2 }],
  [[429, 200], { limit: 1 }],
  [["reset", 200], { limit: 1 }],
  [["reset", "reset"], { limit: 1 }],
  [[404], { limit: 2 }],
  [[404, 404, 200], { limit: 2, statusCodes: [404] }],
  [[503, 503], { limit: 2, methods: ["POST"] }],
  [[503, 503], { limit: 2, calculateDelay: () => 0 }],
  [[404, 404, 200], { limit: 0, enforceRetryRules: false, calculateDelay: () => 1 }],
  [[503, 200], { limit: 2, calculateDelay: (async (computed: number) => computed && 1) as never }],
])("retries are what they are without a refusal: %j with %j", async (script, retry) => {
  const theirs = (await run(script, retry, false)) as { requests: number };
  for (let place = 0; place <= Math.min(script.length, theirs.requests - 1); place += 1) {
    const ours = await run(script.toSpliced(place, 0, 401), retry, true);
    expect(ours, `401 at ${place}`).toEqual({ ...theirs, requests: theirs.requests + 1 });
  }
});

it("a 401 that the caller wants retried is ours first, and theirs when the replay is refused, too", async () => {
  const ours = (await run([401, 401, 200], { limit: 1, statusCodes: [401] }, true)) as { asked: Asked[] };

  expect(ours).toMatchObject({ outcome: { statusCode: 200 }, requests: 3 });
  expect(ours.asked).toEqual([{ attemptCount: 1, name: "HTTPError", status: 401, computed: 1 }]);
});

it("a call is replayed once, however often it is retried", async () => {
  await using server = await startScript([401, 503, 401, 401]);
  const client = got.extend(bearer(countingTokens(), { origins: server.origin }), { retry: { limit: 3, backoffLimit: 1, noise: 0 } });

  expect((await rejection(client(server.origin))).response?.statusCode).toBe(401);

  expect(server.tokens).toEqual(["Bearer t1", "Bearer t2", "Bearer t2"]);
});

it("the delay after a replay is the first one, not the second", async () => {
  await using server = await startScript([401, 503, 200]);
  const client = got.extend(bearer(countingTokens(), { origins: server.origin }), { retry: { limit: 1, noise: 0, backoffLimit: 1500 } });

  await client(server.origin);

  const [first = 0, replay = 0, retry = 0] = server.times;
  expect(replay - first).toBeLessThan(300);
  expect(retry - replay).toBeGreaterThan(990);
  expect(retry - replay).toBeLessThan(1400);
});

it("Retry-After on a replay is honoured, and its limit is the caller's whole timeout", async () => {
  await using server = await startLoopback(() => {
    const answers = [[401], [503, "1"], [200]] as const;
    let count = 0;
    return (_request, response) => {
      const [status = 200, retryAfter] = answers[count] ?? [];
      count += 1;
      setTimeout(() => response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end(), 100);
    };
  });
  const client = got.extend(bearer(countingTokens(), { origins: server.origin }), { retry: { limit: 1 }, timeout: { request: 1050 } });
  const started = performance.now();

  const { request } = await client(server.origin);

  expect(performance.now() - started).toBeGreaterThan(1290);
  expect(request.options.timeout.request).toBe(1050);
});

it("the promise reports a retry count without the replay", async () => {
  await using session = await startGotSession();
  await session.revoke();

  expect((await session.client("plain")).retryCount).toBe(0);
});

it.each<[name: string, thrown: () => unknown]>([
  ["that says ECONNRESET", () => Object.assign(new Error("reset"), { code: "ECONNRESET" })],
  ["that says ETIMEDOUT", () => Object.assign(new Error("late"), { code: "ETIMEDOUT" })],
  ["that is no error", () => "a string"],
])("an error of a token source %s is sent once, is not retried, and is a typed error's cause", async (_name, thrown) => {
  let asked = 0;
  await using server = await startScript([]);
  const client = got.extend(
    bearer(
      createTokenCache({
        async source() {
          asked += 1;
          throw thrown();
        },
      }),
      { origins: server.origin },
    ),
    { retry: { limit: 3, backoffLimit: 1, noise: 0 } },
  );

  const error = await rejection(client(server.origin));

  expect(asked).toBe(1);
  expect(server.times).toEqual([]);
  expect(error).toBeInstanceOf(RequestError);
  expect(TokenflightError.is(error.cause)).toBe(true);
  expect(error.code).toBe((error.cause as TokenflightError).code);
  expect(error.message).toBe((error.cause as TokenflightError).message);
  expect(((error.cause as TokenflightError).cause as { code?: string }).code).toBe((thrown() as { code?: string }).code);
});

it.each<[name: string, options: Parameters<typeof bearer>]>([
  [
    "a function of the request that throws",
    [
      () => {
        throw Object.assign(new Error("no such user"), { code: "ECONNREFUSED" });
      },
      { origins: "http://127.0.0.1" },
    ],
  ],
  [
    "a scheme that throws",
    [
      countingTokens(),
      {
        origins: "http://127.0.0.1",
        scheme: () => {
          throw Object.assign(new Error("no such user"), { code: "ECONNREFUSED" });
        },
      },
    ],
  ],
  [
    "a scheme that rejects",
    [
      countingTokens(),
      {
        origins: "http://127.0.0.1",
        scheme: async () => Promise.reject(Object.assign(new Error("no such user"), { code: "ECONNREFUSED" })),
      },
    ],
  ],
])("%s with a code of the network's is not retried", async (_name, [tokens, options]) => {
  await using server = await startScript([]);
  const retried: string[] = [];
  const client = got.extend(bearer(tokens, { ...options, origins: server.origin }), {
    retry: { limit: 2, backoffLimit: 1, noise: 0 },
    hooks: { beforeRetry: [(error) => void retried.push(error.code)] },
  });

  const error = await rejection(client(server.origin));

  expect(retried).toEqual([]);
  expect(server.times).toEqual([]);
  expect((error.cause as Error).message).toMatch(/^The request was not sent, because (?:getting its token|its scheme) failed/);
  expect(((error.cause as Error).cause as Error).message).toBe("no such user");
});

it("a caller who wants our error itself turns it round in a beforeError hook", async () => {
  await using session = await startGotSession({
    child: { hooks: { beforeError: [(error) => (TokenflightError.is(error.cause) ? error.cause : error)] } },
  });
  await session.tokens.forget();
  session.server.faults.always(async () => ({
    status: 400,
    body: '{"error":"invalid_grant"}',
    headers: { "content-type": "application/json" },
  }));

  const error = await rejection(session.client("plain"));

  expect(TokenflightError.is(error)).toBe(true);
  expect(error.code).toBe("ERR_LOGIN_REQUIRED");
});
