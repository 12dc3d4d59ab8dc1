import { request } from "node:http";
import got, { type ExtendOptions, type Got, type Hooks } from "got";
import { expect, it } from "vitest";
import { rejection, startGotSession } from "./got-session.ts";

/** Hooks of every kind that note when they ran and what they saw. */
function noting(name: string, notes: string[]): { hooks: Partial<Hooks> } {
  return {
    hooks: {
      init: [() => void notes.push(`${name}: init`)],
      beforeRequest: [(options, { retryCount }) => void notes.push(`${name}: beforeRequest ${options.url?.pathname} ${retryCount}`)],
      beforeRedirect: [(options) => void notes.push(`${name}: beforeRedirect ${options.url?.pathname}`)],
      beforeRetry: [(error, count) => void notes.push(`${name}: beforeRetry ${error.name} ${count}`)],
      afterResponse: [
        (response) => {
          notes.push(`${name}: afterResponse ${response.statusCode} ${response.retryCount}`);
          return response;
        },
      ],
      beforeError: [
        (error) => {
          notes.push(`${name}: beforeError ${error.code}`);
          return error;
        },
      ],
    },
  };
}

/** Runs the same calls through an instance with the tokens and through one with a header that is good anyway. */
async function withAndWithout(exercise: (client: Got, path: string) => Promise<unknown>, path: string): Promise<[string[], string[]]> {
  const notes: string[] = [];
  await using session = await startGotSession({ got: noting("before", notes), child: noting("after", notes) });
  const { client, tokens, api, revoke } = session;
  const plain = got.extend({ prefixUrl: api.origin, retry: { limit: 0 }, ...noting("before", notes) }).extend(noting("after", notes));
  const authorization = `Bearer ${(await tokens.get()).accessToken}`;

  notes.length = 0;
  await exercise(plain.extend({ headers: { authorization } }), path).catch(() => {});
  const theirs = notes.splice(0);
  await revoke();
  await exercise(client.extend({}), path).catch(() => {});
  return [notes, theirs];
}

it.each<[name: string, path: string, exercise: (client: Got, path: string) => Promise<unknown>]>([
  ["a GET", "plain", (client, path) => client(path)],
  [
    "a POST with hooks of its own",
    "plain",
    (client, path) => client.post(path, { json: 1, hooks: { afterResponse: [(response) => response] } }),
  ],
  ["redirects", `redirect?to=${encodeURIComponent("/redirect?to=/end")}`, (client, path) => client(path)],
  ["an error", "status/404", (client, path) => client(path)],
  [
    "retries",
    "status/503",
    (client, path) => client(path, { retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && 1 } }),
  ],
])(
  "A5 %s: hooks before and after ours run in the order, as often and with what they would without a refusal",
  async (_name, path, exercise) => {
    const [ours, theirs] = await withAndWithout(exercise, path);

    expect(theirs.length).toBeGreaterThan(4);
    expect(ours.filter((note) => !note.endsWith(": init"))).toEqual(theirs.filter((note) => !note.endsWith(": init")));
  },
);

it("A5 init hooks run as often with us as without", async () => {
  const notes: string[] = [];
  await using session = await startGotSession({ got: noting("before", notes), child: noting("after", notes) });
  const { client, api, revoke } = session;
  const plain = got.extend({ prefixUrl: api.origin, retry: { limit: 0 }, ...noting("before", notes) }, {}, noting("after", notes));
  await revoke();

  notes.length = 0;
  await rejection(plain("plain", { headers: { "x-client": "own" } }));
  const theirs = notes.splice(0);
  await client("plain", { headers: { "x-client": "own" } });

  expect(notes).toEqual(theirs.map((note) => note.replace("401", "200")).filter((note) => !note.includes("beforeError")));
});

it("an afterResponse hook sees the response that counts, and once, wherever it stands", async () => {
  const statuses: number[] = [];
  const count: ExtendOptions = {
    hooks: {
      afterResponse: [
        (response) => {
          statuses.push(response.statusCode);
          return response;
        },
      ],
    },
  };
  await using session = await startGotSession({ got: count, child: count });
  await session.revoke();

  await session.client("plain", count);

  expect(statuses).toEqual([200, 200, 200]);
});

it("headers that a hook sets are the same on the replay", async () => {
  const keys: unknown[] = [];
  let count = 0;
  await using session = await startGotSession({
    got: { hooks: { beforeRequest: [(options) => void (options.headers["idempotency-key"] = `key ${(count += 1)}`)] } },
  });
  await session.revoke();
  const call = session.client.post("orders", { json: {} });
  void call.on("request", (request) => keys.push(request.getHeader("idempotency-key")));

  expect((await call).statusCode).toBe(200);

  expect(keys).toEqual(["key 1", "key 1"]);
});

it("a request that a hook of the caller's sends in got's place has no token, and its 401 is not taken for one of ours", async () => {
  await using session = await startGotSession();
  const { client, api, seen, refreshes } = session;

  const error = await rejection(
    client("redirect?to=/end", {
      hooks: {
        beforeRequest: [({ url }) => (url?.pathname === "/end" ? request(`${api.origin}/in-its-place`) : undefined)],
      },
    }),
  );

  expect(error.response?.statusCode).toBe(401);
  expect(seen()).toEqual(["GET /redirect?to=/end 302 bearer", "GET /in-its-place 401 none"]);
  expect(refreshes()).toBe(0);
});

it("a hook that sends the request again on its own account gets it, with the token that is current then", async () => {
  await using session = await startGotSession({
    child: {
      hooks: {
        afterResponse: [(response, retry) => (response.retryCount === 0 ? retry({ headers: { "x-request-id": "again" } }) : response)],
      },
    },
  });
  const { client, api, revoke } = session;
  await revoke();

  expect((await client("plain")).retryCount).toBe(1);

  expect(api.requests.map(({ status, id }) => [status, id])).toEqual([
    [401, undefined],
    [200, undefined],
    [200, "again"],
  ]);
});

it("hooks see neither the token nor our request function, and the response's options are the caller's", async () => {
  const seen: unknown[] = [];
  await using session = await startGotSession({
    child: { hooks: { beforeRequest: [(options) => void seen.push(options.headers["authorization"], options.request)] } },
  });
  await session.revoke();

  const { request } = await session.client("plain", { timeout: { request: 5000 }, retry: { limit: 1 } });

  expect(seen).toEqual([undefined, undefined]);
  const { headers, timeout, retry, hooks, context, request: send } = request.options;
  expect(headers).not.toHaveProperty("authorization");
  expect(send).toBeUndefined();
  expect(timeout.request).toBe(5000);
  expect(retry.limit).toBe(1);
  expect(retry.calculateDelay?.toString()).toBe(got.defaults.options.retry.calculateDelay?.toString());
  expect(hooks.beforeRequest).toHaveLength(2);
  expect(Reflect.ownKeys(context)).toEqual([]);
});

it("the request function of the caller's is used, for the replay too, and may leave the work to got", async () => {
  const sent: string[] = [];
  await using session = await startGotSession({
    got: {
      request: (url, options, callback) => {
        sent.push(url.pathname);
        return url.pathname === "/own" ? request(url, options as never, callback as never) : undefined;
      },
    },
  });
  await session.revoke();

  expect((await session.client("own")).statusCode).toBe(200);
  expect((await session.client("left")).statusCode).toBe(200);

  expect(sent).toEqual(["/own", "/own", "/left"]);
});
