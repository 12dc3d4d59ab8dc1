import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import axios, { type AxiosInstance, type AxiosRequestConfig } from "axios";
import { setupCache, type CacheOptions } from "axios-cache-interceptor";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

interface Answer {
  readonly data: { readonly user: string; readonly answer: number };
  readonly cached?: boolean;
}

type Ask = (user: string, path?: string) => Promise<Answer>;

/** An API that says who has asked, and that its answer is for nobody else. */
async function startApi(headers: Record<string, string>, failing: Set<string>): Promise<Loopback> {
  let answer = 0;
  return startLoopback(() => (request, response) => {
    const user = request.headers.authorization ?? "nobody";
    response.writeHead(failing.has(user) ? 500 : 200, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ user, answer: (answer += 1) }));
  });
}

const tokensOf = (user: string): TokenCache => createTokenCache({ source: async () => ({ access_token: user, expires_in: 600 }) });
const users: Record<string, TokenCache> = { alice: tokensOf("alice"), bob: tokensOf("bob") };
const cacheOf = (config: unknown): TokenCache | undefined => users[(config as { user: string }).user];

const asking =
  (instance: Pick<AxiosInstance, "get">): Ask =>
  (user, path = "/me") =>
    instance.get(path, { user } as AxiosRequestConfig);

/** Where a cache of axios-cache-interceptor stands. */
const places: [name: string, connect: (origin: string, options?: CacheOptions) => Ask][] = [
  [
    "beneath the tokens, as our page has it",
    (origin, options) => {
      const cached = setupCache(axios.create(), { vary: ["authorization"], ...options });
      const { adapter } = cached.defaults;
      const instance = axios.create({
        baseURL: origin,
        adapter: (config) => cached.request({ ...config, adapter, transformRequest: [], transformResponse: [] } as AxiosRequestConfig),
      });
      attachBearer(instance, cacheOf);
      return asking(instance);
    },
  ],
  [
    "above them, before they are attached",
    (origin, options) => {
      const instance = setupCache(axios.create({ baseURL: origin }), options);
      attachBearer(instance, cacheOf);
      return asking(instance);
    },
  ],
  [
    "above them, after they were attached",
    (origin, options) => {
      const instance = axios.create({ baseURL: origin });
      attachBearer(instance, cacheOf);
      return asking(setupCache(instance, options));
    },
  ],
];

const vary: [name: string, headers: Record<string, string>][] = [
  ["Authorization", { vary: "Authorization", "cache-control": "max-age=60" }],
  ["accept, AUTHORIZATION", { vary: "accept, AUTHORIZATION", "cache-control": "max-age=60" }],
  ["Authorization and an entity tag", { vary: "authorization", "cache-control": "max-age=60", etag: '"1"' }],
  ["*", { vary: "*", "cache-control": "max-age=60, stale-if-error=60" }],
];

const options: [name: string, given: CacheOptions][] = [
  ["by itself", {}],
  ["looking at no header but Vary", { interpretHeader: false, ttl: 60_000 }],
];

describe.each(places)("I121 a cache %s", (place, connect) => {
  describe.each(options)("%s", (_name, given) => {
    it.each(vary)("gives nobody another's answer when it varies by %s", async (_vary, headers) => {
      const failing = new Set<string>();
      await using api = await startApi(headers, failing);
      const ask = connect(api.origin, given);

      const answers = [await ask("alice"), await ask("bob"), await ask("alice"), await ask("bob")];
      const together = await Promise.all([ask("alice", "/together"), ask("bob", "/together")]);

      expect([...answers, ...together].map(({ data }) => data.user)).toEqual(
        ["alice", "bob", "alice", "bob", "alice", "bob"].map((user) => `Bearer ${user}`),
      );
      // The answer of another is not what a failure is covered up with, either.
      failing.add("Bearer bob");
      await ask("alice", "/failing");
      const [failed] = await Promise.allSettled([ask("bob", "/failing")]);
      expect(failed.status).toBe("rejected");
    });
  });

  it("keeps what does not vary by the token", async () => {
    await using api = await startApi({ "cache-control": "max-age=60", vary: "accept" }, new Set());
    const ask = connect(api.origin);
    const first = await ask("alice");
    const second = await ask("alice");
    expect(second.data).toEqual(first.data);
  });

  it.runIf(place.startsWith("beneath"))("keeps an answer that varies for the user who has got it", async () => {
    await using api = await startApi({ "cache-control": "max-age=60", vary: "Authorization" }, new Set());
    const ask = connect(api.origin);
    const [first, , again] = [await ask("alice"), await ask("bob"), await ask("alice")];
    expect(again.data).toEqual(first.data);
  });
});
