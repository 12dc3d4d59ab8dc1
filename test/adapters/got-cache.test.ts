import { createHash } from "node:crypto";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { type Got, type NormalizedOptions, type OptionsInit } from "got";
import { expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { findCanary } from "./canary.ts";

interface CachingServer extends Loopback {
  readonly requests: string[];
  readonly refused: Set<string>;
}

/** Answers with the token that it was asked with, for as long as `cache-control` says, and knows when nothing has changed. */
async function startCachingServer(cacheControl: string, extra: Record<string, string> = {}): Promise<CachingServer> {
  const requests: string[] = [];
  const refused = new Set<string>();
  const server = await startLoopback(() => (request, response) => {
    const { authorization = "none", "if-none-match": known } = request.headers;
    const body = `for ${authorization}`;
    const etag = `"${createHash("md5")
      .update(request.url ?? "")
      .digest("hex")}"`;
    const status = request.url === "/moved" ? 301 : refused.has(authorization) ? 401 : known === etag ? 304 : 200;
    requests.push(`${status} ${authorization}`);
    const headers = { "cache-control": cacheControl, ...extra, ...(status === 301 ? { location: "/target" } : { etag }) };
    response.writeHead(status, status === 401 ? {} : headers).end(status === 200 ? body : undefined);
  });
  return { ...server, requests, refused };
}

function userTokens(name: string): TokenCache {
  let count = 0;
  return createTokenCache({ source: async () => ({ access_token: `${name}${(count += 1)}`, expires_in: 600 }) });
}

const ada = userTokens("ada");
const bob = userTokens("bob");

/** One instance for all users, with one cache. */
function sharedClient(origin: string, options: OptionsInit = {}, cache: unknown = new Map()): Got {
  const tokens = ({ context }: NormalizedOptions): TokenCache | undefined => context["user"] as TokenCache | undefined;
  return got.extend({ cache: cache as Map<unknown, unknown>, retry: { limit: 0 }, ...options }, bearer(tokens, { origins: origin }));
}

it.each([
  ["public", "public, max-age=60", {}],
  ["private, in a cache that is", "private, max-age=60", { cacheOptions: { shared: false } }],
])("%s: each user gets an answer of their own, from the server first and from the cache then", async (_name, cacheControl, options) => {
  await using server = await startCachingServer(cacheControl);
  const client = sharedClient(server.origin, options);
  const ask = async (user?: TokenCache): Promise<string> => {
    const { body, isFromCache } = await client(server.origin, user === undefined ? {} : { context: { user } });
    return `${body}, ${isFromCache ? "cached" : "fresh"}`;
  };

  expect(await ask(ada)).toBe("for Bearer ada1, fresh");
  expect(await ask(bob)).toBe("for Bearer bob1, fresh");
  expect(await ask()).toBe("for none, fresh");
  expect(await ask(ada)).toBe("for Bearer ada1, cached");
  expect(await ask(bob)).toBe("for Bearer bob1, cached");
  expect(await ask()).toBe("for none, cached");
});

it("two instances with tokens of different users on one cache are kept apart as well", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const cache = new Map();
  const [one, other] = [ada, bob].map((tokens) => got.extend({ cache }, bearer(tokens, { origins: server.origin }))) as [Got, Got];

  expect((await one(server.origin)).body).toBe("for Bearer ada1");
  expect((await other(server.origin)).body).toBe("for Bearer bob1");

  // The same user's answers are shared, whichever instance asks.
  expect((await got.extend({ cache }, bearer(ada, { origins: server.origin }))(server.origin)).isFromCache).toBe(true);
});

it("cache: true, got's global one, is kept apart, too", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const client = sharedClient(server.origin, {}, true);

  expect((await client(server.origin, { context: { user: ada } })).body).toBe("for Bearer ada1");
  expect((await client(server.origin, { context: { user: bob } })).body).toBe("for Bearer bob1");
});

it("20 users at random, 400 requests: everybody gets their own", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const client = sharedClient(server.origin);
  const users = Array.from({ length: 20 }, (_, user) => userTokens(`user${user}-`));
  let state = 7;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647);

  for (let round = 0; round < 8; round += 1) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const user = next() % users.length;
        const { body } = await client(`${server.origin}/${next() % 3}`, { context: { user: users[user] } });
        expect(body).toBe(`for Bearer user${user}-1`);
      }),
    );
  }

  expect(server.requests.length).toBeLessThan(400);
});

it.each([
  ["without a word about it", "max-age=60", {}],
  ["with a heuristic, for want of any word", "", { "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" }],
  ["that is private", "private, max-age=60", {}],
])(
  "F79 an answer %s is not cached, because the request was authenticated, just as with a header of the caller's",
  async (_name, cacheControl, extra) => {
    await using server = await startCachingServer(cacheControl, extra as Record<string, string>);
    const ours = sharedClient(server.origin, { context: { user: ada } });
    const theirs = got.extend({ cache: new Map(), headers: { authorization: "Bearer ada1" } });

    for (const client of [ours, theirs]) {
      await client(server.origin);
      expect((await client(server.origin)).isFromCache).toBe(false);
    }
  },
);

it("F79 an ETag is asked again with the user's token, and 304 gives the user's own answer", async () => {
  await using server = await startCachingServer("public, max-age=0, must-revalidate");
  const client = sharedClient(server.origin);
  const [eve, joe] = [userTokens("eve"), userTokens("joe")];

  await client(server.origin, { context: { user: eve } });
  await client(server.origin, { context: { user: joe } });
  const again = await client(server.origin, { context: { user: eve } });

  expect(again).toMatchObject({ body: "for Bearer eve1", isFromCache: true, statusCode: 200 });
  expect(server.requests).toEqual(["200 Bearer eve1", "200 Bearer joe1", "304 Bearer eve1"]);
});

it("F79 a refusal is replayed and never cached; after the refresh the user's cached answers are still the user's", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const client = sharedClient(server.origin);
  const user = userTokens("mia");
  await client(`${server.origin}/before`, { context: { user } });
  server.refused.add("Bearer mia1");

  expect((await client(`${server.origin}/after`, { context: { user } })).body).toBe("for Bearer mia2");
  expect((await client(`${server.origin}/after`, { context: { user } })).isFromCache).toBe(true);
  expect((await client(`${server.origin}/before`, { context: { user } })).isFromCache).toBe(true);

  expect(server.requests).toEqual(["200 Bearer mia1", "401 Bearer mia1", "200 Bearer mia2"]);
});

it("an ETag whose question is refused is dropped by got: the replay gets the whole answer", async () => {
  await using server = await startCachingServer("public, max-age=0");
  const client = sharedClient(server.origin);
  const user = userTokens("zoe");
  await client(server.origin, { context: { user } });
  server.refused.add("Bearer zoe1");

  expect(await client(server.origin, { context: { user } })).toMatchObject({ body: "for Bearer zoe2", isFromCache: false });

  expect(server.requests).toEqual(["200 Bearer zoe1", "401 Bearer zoe1", "200 Bearer zoe2"]);
});

it("a cached redirect leads to a request with the token", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const client = sharedClient(server.origin, { context: { user: ada } });
  const { body, request } = await client(`${server.origin}/moved`);
  expect(body).toBe("for Bearer ada1");

  const cached = await client(`${server.origin}/moved`);

  expect(cached).toMatchObject({ body: "for Bearer ada1", isFromCache: true });
  expect(server.requests).toHaveLength(2);
  for (const { options } of [request, cached.request]) {
    expect(options.headers).not.toHaveProperty("authorization");
    expect(options.request).toBeUndefined();
  }
});

it("a redirect from a cache to another origin takes neither token nor cache part along", async () => {
  await using elsewhere = await startCachingServer("public, max-age=60");
  await using server = await startLoopback(() => (_request, response) => {
    response.writeHead(301, { location: `${elsewhere.origin}/there`, "cache-control": "public, max-age=60" }).end();
  });
  const both = got.extend({ cache: new Map(), retry: { limit: 0 } }, bearer(ada, { origins: [server.origin, elsewhere.origin] }));
  const one = got.extend({ cache: new Map(), retry: { limit: 0 } }, bearer(ada, { origins: server.origin }));

  for (let turn = 0; turn < 2; turn += 1) {
    expect((await both(server.origin)).body).toBe("for Bearer ada1");
    expect((await one(server.origin)).body).toBe("for none");
  }
});

it("F79 what a response varies with is stored without the token", async () => {
  await using server = await startCachingServer("public, max-age=60", { vary: "authorization, accept" });
  const cache = new Map<string, unknown>();
  const user = createTokenCache({ source: async () => ({ access_token: "canary-of-the-cache", expires_in: 600 }) });
  const client = sharedClient(`${server.origin}`, { context: { user } }, cache);

  const { body, request } = await client(server.origin);
  await expect.poll(() => cache.size).toBe(1);
  expect((await client(server.origin)).isFromCache).toBe(true);

  // The server of this test says the token in its body; nothing else does.
  expect(body).toContain("canary");
  const stored = JSON.parse(JSON.stringify([...cache.entries()]).replaceAll(Buffer.from(body).toString("base64"), "body")) as unknown;
  expect(findCanary(stored, "canary-of-the-cache")).toEqual([]);
  expect(request.options.cache).toBe(cache);
});

it("a cache of the caller's own making is asked under names that are the user's", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const entries = new Map<string, unknown>();
  const lifetimes: (number | undefined)[] = [];
  const cache = {
    get: async (key: string) => entries.get(key),
    set: async (key: string, value: unknown, lifetime?: number) => {
      entries.set(key, value);
      lifetimes.push(lifetime);
    },
    delete: async (key: string) => entries.delete(key),
    clear: async () => entries.clear(),
  };
  const client = sharedClient(server.origin, {}, cache);

  for (const user of [ada, bob]) await client(server.origin, { context: { user } });

  await expect.poll(() => entries.size).toBe(2);
  expect(new Set([...entries.keys()].map((key) => key.slice(36))).size).toBe(1);
});

it("a cache that fails is got's own error", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const fail = async (): Promise<never> => {
    throw new Error("no cache");
  };
  const options = (): OptionsInit => ({ cache: { get: fail, set: fail, delete: fail, clear: fail } as never, retry: { limit: 0 } });
  const nameOf = async (client: Got): Promise<string> =>
    client(server.origin).then(
      ({ body }) => body,
      ({ name, code }: Error & { code: string }) => `${name} ${code}`,
    );

  const ours = await nameOf(got.extend(options(), bearer(ada, { origins: server.origin })));

  expect(ours.replace("Bearer ada1", "none")).toBe(await nameOf(got.extend(options())));
});

it("a cache that is none is got's own error, with us as without", async () => {
  const options: OptionsInit = { cache: "redis://127.0.0.1", retry: { limit: 0 } };
  const errorOf = async (client: Got): Promise<string> =>
    client("http://127.0.0.1:1").then(String, ({ name, message }: Error) => `${name}: ${message}`);

  expect(await errorOf(got.extend(options, bearer(ada, { origins: "http://127.0.0.1:1" })))).toBe(await errorOf(got.extend(options)));
});

it("a token error is ours with a cache, too", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const broken = createTokenCache({
    source: async () => {
      throw new Error("no token");
    },
  });
  const throwing = bearer(ada, {
    origins: server.origin,
    scheme: () => {
      throw new Error("no scheme");
    },
  });

  const missing = await sharedClient(server.origin)(server.origin, { context: { user: broken } }).catch((error: unknown) => error);
  const failing = await got
    .extend(
      { cache: new Map() },
      throwing,
    )(server.origin)
    .catch((error: unknown) => error);

  expect(missing).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN", cause: { code: "ERR_TOKEN_REQUEST_UNKNOWN" } });
  expect(failing).toMatchObject({ cause: { cause: { message: "no scheme" } } });
});

it("beforeCache hooks run for what they would, and a POST with a body is told from another", async () => {
  await using server = await startCachingServer("public, max-age=60");
  const seen: number[] = [];
  const client = sharedClient(server.origin, {
    context: { user: ada },
    hooks: { beforeCache: [({ statusCode }) => void seen.push(statusCode)] },
  });

  await client.post(server.origin, { body: "one" });
  await client.post(server.origin, { body: "two" });
  await client(server.origin);
  await client(server.origin);

  expect(seen).toEqual([200, 200, 200]);
  expect(server.requests).toHaveLength(3);
});
